//! Words as a POSIX shell reads them, for the commands that people are told to run.

use super::path::RepoPath;

/// A word of a POSIX shell.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A path as a command takes it: no option, whatever it begins with.
pub fn shell_path(path: &RepoPath) -> String {
    let path = path.lossy();
    match path.starts_with('-') {
        true => shell_word(&format!("./{path}")),
        false => shell_word(&path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_commands() {
        for (path, quoted) in [
            ("m/1_a.sql", "m/1_a.sql"),
            ("m/add users.sql", "'m/add users.sql'"),
            ("m/it's.sql", r"'m/it'\''s.sql'"),
            ("m/$(x)`y`.sql", "'m/$(x)`y`.sql'"),
            ("-rf", "./-rf"),
            ("-r f", "'./-r f'"),
            ("m/ü.sql", "'m/ü.sql'"),
        ] {
            assert_eq!(shell_path(&RepoPath::new(path)), quoted);
        }
    }
}
