//! Throw-away environments with the real runners: a Python with alembic and django, a small program with sqlx.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Runner;

/// A way to run all migrations of a directory, on the database db.sqlite3 in it.
pub(super) fn prepare(runner: &str, scratch: &Path) -> Runner {
    match runner {
        "alembic" | "django" => python(runner, scratch),
        _ => sqlx(scratch),
    }
}

fn python(runner: &str, scratch: &Path) -> Runner {
    let dir = scratch.join("python");
    let python = dir.join("bin").join("python");
    if !python.exists() {
        quiet(
            Command::new("python3").args(["-m", "venv"]).arg(&dir),
            "there is no python3 with venv",
        )?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", runner]);
    quiet(&mut install, &format!("pip cannot install {runner}"))?;
    let is_alembic = runner == "alembic";
    Ok(Box::new(move |at| {
        let mut command = Command::new(&python);
        command.current_dir(at).env("PYTHONDONTWRITEBYTECODE", "1");
        match is_alembic {
            true => command.args(["-m", "alembic", "upgrade", "head"]),
            false => command.args(["manage.py", "migrate", "--no-input"]),
        };
        command
    }))
}

/// Runs the migrations in `migrations` below the current directory.
const PROGRAM: &str = r#"
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pool = sqlx::sqlite::SqlitePoolOptions::new()
        .max_connections(1)
        .connect("sqlite://db.sqlite3?mode=rwc")
        .await?;
    let migrator = sqlx::migrate::Migrator::new(std::path::Path::new("migrations")).await?;
    migrator.run(&pool).await?;
    Ok(())
}
"#;

const MANIFEST: &str = r#"[package]
name = "runner"
version = "0.0.0"
edition = "2021"

[dependencies]
sqlx = { version = "0.8", default-features = false, features = ["sqlite", "migrate", "runtime-tokio"] }
tokio = { version = "1", features = ["rt", "macros"] }

[workspace]
"#;

fn sqlx(scratch: &Path) -> Runner {
    let dir = scratch.join("sqlx-runner");
    let write =
        |path: PathBuf, text: &str| std::fs::write(path, text).map_err(|error| error.to_string());
    std::fs::create_dir_all(dir.join("src")).map_err(|error| error.to_string())?;
    write(dir.join("Cargo.toml"), MANIFEST)?;
    write(dir.join("src").join("main.rs"), PROGRAM)?;
    let mut build = Command::new("cargo");
    build
        .args(["build", "--quiet", "--jobs", "2"])
        .current_dir(&dir)
        .env("CARGO_TARGET_DIR", dir.join("target"));
    quiet(&mut build, "a program with sqlx cannot be built")?;
    let program = dir.join("target").join("debug").join("runner");
    Ok(Box::new(move |at| {
        let mut command = Command::new(&program);
        command.current_dir(at);
        command
    }))
}

/// `why`: what to say where it does not work out.
fn quiet(command: &mut Command, why: &str) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{why}: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!(
                "{why}: {}",
                said.lines().last().unwrap_or("it does not say why")
            ))
        }
    }
}
