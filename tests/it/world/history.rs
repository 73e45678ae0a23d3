//! Histories described in a few lines of text; [`super::World::of`] shows how.

/// One commit of a described history.
#[derive(Debug)]
pub(super) struct Step<'a> {
    pub(super) branch: &'a str,
    pub(super) from: Option<&'a str>,
    pub(super) merges: Option<&'a str>,
    pub(super) subject: &'a str,
    pub(super) changes: Vec<Change<'a>>,
}

#[derive(Debug)]
pub(super) enum Change<'a> {
    Write { path: &'a str, content: String },
    Remove { path: &'a str },
}

pub(super) fn steps(history: &str) -> Vec<Step<'_>> {
    let lines: Vec<&str> = history
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let margin = lines.iter().copied().map(indentation).min().unwrap_or(0);
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in lines {
        if indentation(line) == margin {
            steps.push(header(line.trim()));
        } else {
            let step = steps.last_mut().expect("a history begins with a commit");
            step.changes.push(change(line.trim()));
        }
    }
    steps
}

fn header(line: &str) -> Step<'_> {
    let (head, subject) = line
        .split_once(": ")
        .unwrap_or_else(|| panic!("`{line}`: no `: SUBJECT`"));
    let words: Vec<&str> = head.split(' ').collect();
    let (branch, from, merges) = match words[..] {
        [branch] => (branch, None, None),
        [branch, "from", start] => (branch, Some(start), None),
        [branch, "merges", other] => (branch, None, Some(other)),
        _ => panic!("`{line}`: expected BRANCH, BRANCH from START or BRANCH merges OTHER"),
    };
    Step {
        branch,
        from,
        merges,
        subject,
        changes: Vec::new(),
    }
}

fn change(line: &str) -> Change<'_> {
    if let Some(path) = line.strip_prefix("- ") {
        return Change::Remove { path };
    }
    let (path, lines) = line
        .split_once('=')
        .unwrap_or_else(|| panic!("`{line}`: expected PATH = LINES or - PATH"));
    let content = match lines.trim() {
        "" => String::new(),
        lines => lines
            .split('|')
            .map(|line| format!("{}\n", line.trim()))
            .collect(),
    };
    Change::Write {
        path: path.trim(),
        content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "expected BRANCH, BRANCH from START or BRANCH merges OTHER")]
    fn a_line_that_means_nothing_fails_the_test() {
        steps("topic off main: A slip\n");
    }

    #[test]
    fn margins_and_empty_lines_do_not_matter() {
        let read = |text: &str| format!("{:?}", steps(text));
        assert_eq!(
            read("main: One\n  a = 1\n  - b\n"),
            read("\n    main: One\n        a =1\n\n        - b\n    ")
        );
    }
}
