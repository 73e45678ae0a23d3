//! Words as crontabs, unit files and YAML read them.

/// A shell's command on a crontab line: there an unescaped `%` ends the line, and crons differ in how they read a backslash
/// that stands before an escaped one. It stands in quotes then, which end and begin again in between. Format: crontab(5).
pub(super) fn cron_line(command: &str) -> String {
    command.replace(r"\%", r"\''%").replace('%', r"\%")
}

/// A text in a unit file, in double quotes. Format: systemd.syntax(7), "Quoting"; `%` begins a specifier.
pub(super) fn unit_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str(r"\\"),
            '\n' => quoted.push_str(r"\n"),
            '%' => quoted.push_str("%%"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// An argument in a unit file's command: there `$` begins a variable, too. Format: systemd.service(5), "Command lines".
pub(super) fn unit_argument(word: &str) -> String {
    unit_text(word).replace('$', "$$")
}

/// A YAML scalar in double quotes. Format: YAML 1.2, 7.3.1.
pub(super) fn yaml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str(r"\\"),
            '\n' => quoted.push_str(r"\n"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quote::shell_word;

    #[test]
    fn quoting() {
        // The word → in a shell, a unit file's argument, YAML.
        let cases = [
            (
                "/srv/a-b_1.c",
                "/srv/a-b_1.c",
                "\"/srv/a-b_1.c\"",
                "\"/srv/a-b_1.c\"",
            ),
            ("", "''", "\"\"", "\"\""),
            ("a b", "'a b'", "\"a b\"", "\"a b\""),
            ("it's", r"'it'\''s'", "\"it's\"", "\"it's\""),
            ("100%", "'100%'", "\"100%%\"", "\"100%\""),
            ("$x", "'$x'", "\"$$x\"", "\"$x\""),
            ("a\\", r"'a\'", r#""a\\""#, r#""a\\""#),
            (
                "say \"x\"",
                "'say \"x\"'",
                r#""say \"x\"""#,
                r#""say \"x\"""#,
            ),
            ("a\nb", "'a\nb'", r#""a\nb""#, r#""a\nb""#),
            ("ü", "'ü'", "\"ü\"", "\"ü\""),
        ];
        for (word, shell, unit, yaml) in cases {
            assert_eq!(shell_word(word), shell);
            assert_eq!(unit_argument(word), unit);
            assert_eq!(yaml_text(word), yaml);
        }
        assert_eq!(cron_line(&shell_word(r"a%\%")), r"'a\%\''\%'");
        assert_eq!(unit_text("$x 5%"), "\"$x 5%%\"");
    }
}
