//! Who works here, as git knows them.

use super::Repository;
use super::executable::run;

impl Repository {
    /// The name that git would put into a commit; `None` where it knows none.
    pub fn user_name(&self) -> Option<String> {
        let cmd = self.cmd().args(["var", "GIT_AUTHOR_IDENT"]);
        let ident = run(&cmd, "var GIT_AUTHOR_IDENT").ok()?;
        let ident = String::from_utf8_lossy(&ident);
        let (name, _) = ident.rsplit_once(" <")?;
        Some(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use crate::git::testing::World;

    #[test]
    fn as_configured() {
        let world = World::new();
        let repository = world.open();
        world.git(&["config", "user.useConfigOnly", "true"]);
        assert_eq!(repository.user_name(), None);
        world.git(&["config", "user.name", "Ada <the first>"]);
        world.git(&["config", "user.email", "ada@example.com"]);
        assert_eq!(repository.user_name().as_deref(), Some("Ada the first"));
    }
}
