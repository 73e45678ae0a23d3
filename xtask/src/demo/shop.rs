//! The small repository of the demo: a shop in shell, and the work of four tracks on it, from the files under xtask/demo/.

use std::path::{Path, PathBuf};

use crate::child;
use crate::failure::Failure;
use crate::sealed::Sealed;

/// What one track does. Its files are in `xtask/demo/work/ID/`, one numbered folder a commit.
pub(super) struct Work {
    pub(super) track: &'static str,
    subjects: &'static [&'static str],
    /// Whether there is a folder `uncommitted` too.
    dirty: bool,
}

pub(super) const WORK: &[Work] = &[
    Work {
        track: "pricing",
        subjects: &[
            "Rename total to order_total",
            "Keep the currency of an order",
        ],
        dirty: false,
    },
    Work {
        track: "checkout",
        subjects: &["Add up a basket", "Keep baskets in the database"],
        dirty: false,
    },
    Work {
        track: "discounts",
        subjects: &["Give discounts on order lines"],
        dirty: false,
    },
    Work {
        track: "catalog",
        subjects: &["Search in the catalog", "Describe the search in the API"],
        dirty: true,
    },
];

pub(super) fn branch(track: &str) -> String {
    format!("track/{track}")
}

/// A repository with the shop committed on `main`.
pub(super) fn build(sealed: &Sealed, repository: &Path) -> Result<(), Failure> {
    copy_tree(&files().join("shop"), repository)?;
    sealed.git(repository, &["init", "--quiet", "--initial-branch=main"])?;
    commit(sealed, repository, "Open the shop")
}

/// Does a track's work in its worktree, as its developer would.
pub(super) fn work(sealed: &Sealed, worktree: &Path, work: &Work) -> Result<(), Failure> {
    let folder = files().join("work").join(work.track);
    for (number, subject) in (1..).zip(work.subjects) {
        copy_tree(&folder.join(number.to_string()), worktree)?;
        commit(sealed, worktree, subject)?;
    }
    if work.dirty {
        copy_tree(&folder.join("uncommitted"), worktree)?;
    }
    Ok(())
}

/// Solves what two tracks have between them, in the worktree that the tool has opened for it: the files of
/// `xtask/demo/solved/ONE-OTHER/`.
pub(super) fn solve(sealed: &Sealed, worktree: &Path, pair: &str) -> Result<(), Failure> {
    copy_tree(&files().join("solved").join(pair), worktree)?;
    sealed.git(worktree, &["add", "--all"])?;
    Ok(())
}

fn files() -> PathBuf {
    child::root().join("xtask").join("demo")
}

fn commit(sealed: &Sealed, dir: &Path, subject: &str) -> Result<(), Failure> {
    sealed.later();
    sealed.git(dir, &["add", "--all"])?;
    sealed.git(dir, &["commit", "--quiet", "--message", subject])?;
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(to).map_err(Failure::at(to))?;
    for entry in std::fs::read_dir(from).map_err(Failure::at(from))? {
        let entry = entry.map_err(Failure::at(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if source.is_dir() {
            copy_tree(&source, &target)?;
        } else {
            std::fs::copy(&source, &target).map_err(Failure::at(&source))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    /// The shop with its four tracks, made by git alone.
    struct Shop {
        sealed: Sealed,
        scratch: Scratch,
    }

    impl Shop {
        fn new() -> Self {
            let scratch = Scratch::new("xtask-shop").unwrap();
            let sealed = Sealed::with_fixed_clock(&scratch.path().join("home")).unwrap();
            let shop = Shop { sealed, scratch };
            build(&shop.sealed, &shop.at("shop")).unwrap();
            for track in WORK {
                let at = shop.at(track.track);
                let place = at.to_str().unwrap();
                shop.git(&[
                    "worktree",
                    "add",
                    "-q",
                    "-b",
                    &branch(track.track),
                    place,
                    "main",
                ]);
                work(&shop.sealed, &at, track).unwrap();
            }
            shop
        }

        fn at(&self, name: &str) -> PathBuf {
            self.scratch.path().join(name)
        }

        fn git(&self, arguments: &[&str]) -> String {
            self.sealed.git(&self.at("shop"), arguments).unwrap()
        }

        /// Merges the tracks one after the other onto main; `Err` names the first that conflicts, with the paths.
        fn merged(&self, tracks: &[&str]) -> Result<(), String> {
            self.git(&["switch", "-q", "--detach", "main"]);
            for track in tracks {
                let merge = ["merge", "-q", "--no-edit", "--no-ff", &branch(track)];
                if self.sealed.git(&self.at("shop"), &merge).is_err() {
                    let paths = self.git(&["diff", "--name-only", "--diff-filter=U"]);
                    self.git(&["merge", "--abort"]);
                    return Err(format!("{track}: {paths}"));
                }
            }
            Ok(())
        }

        fn green(&self, name: &str) -> bool {
            let mut command = self.sealed.command("sh", &self.at(name));
            command
                .arg("tests/run.sh")
                .output()
                .unwrap()
                .status
                .success()
        }
    }

    #[test]
    fn the_shop_has_every_collision_that_the_demo_speaks_of() {
        let shop = Shop::new();
        assert!(shop.green("shop"), "base");
        for work in WORK {
            assert!(shop.green(work.track), "{} alone", work.track);
        }
        // The same lines.
        assert_eq!(
            shop.merged(&["pricing", "discounts"]),
            Err("discounts: src/shared/prices.sh".to_owned())
        );
        // Every other pair merges, and of those only one does not work.
        for (a, b, green) in [
            ("pricing", "checkout", false),
            ("pricing", "catalog", true),
            ("checkout", "discounts", true),
            ("checkout", "catalog", true),
            ("discounts", "catalog", true),
        ] {
            assert_eq!(shop.merged(&[a, b]), Ok(()), "{a} and {b}");
            assert_eq!(shop.green("shop"), green, "{a} and {b}");
        }
    }

    #[test]
    fn the_shop_is_the_same_every_time() {
        let ids = || Shop::new().git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
        assert_eq!(ids(), ids());
    }
}
