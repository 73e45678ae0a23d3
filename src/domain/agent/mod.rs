//! The coding agents whose settings can name a program to ask before a file is written: where those settings are, what is put
//! there, and how that is known again.
//!
//! Formats: Claude Code, "Hooks reference" (`PreToolUse` in `.claude/settings.local.json`, the file of a project that is not
//! shared); Codex CLI, "Hooks" (`PreToolUse` in `.codex/hooks.json`); Cursor, "Hooks" (`preToolUse` in `.cursor/hooks.json`).

mod patch;
mod settings;

pub use patch::paths_of_patch;
pub use settings::{Unreadable, by_hand, installed, removed};

/// A coding agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agent {
    Claude,
    Codex,
    Cursor,
}

impl Agent {
    pub const ALL: [Agent; 3] = [Agent::Claude, Agent::Codex, Agent::Cursor];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Agent::Claude => "claude",
            Agent::Codex => "codex",
            Agent::Cursor => "cursor",
        }
    }

    pub fn named(name: &str) -> Option<Agent> {
        Agent::ALL.into_iter().find(|agent| agent.name() == name)
    }

    /// The file of its settings, from the top of a worktree.
    pub fn settings(self) -> &'static str {
        match self {
            Agent::Claude => ".claude/settings.local.json",
            Agent::Codex => ".codex/hooks.json",
            Agent::Cursor => ".cursor/hooks.json",
        }
    }

    /// Whether linked worktrees go by the settings of the main one. Older versions of such an agent read their own.
    pub fn reads_main_worktree(self) -> bool {
        self == Agent::Codex
    }

    /// What somebody still has to do before the agent runs what its settings name.
    pub fn left_to_do(self) -> Option<&'static str> {
        match self {
            Agent::Codex => {
                Some("codex runs a new hook only once somebody has looked at it: `/hooks` in codex")
            }
            Agent::Claude | Agent::Cursor => None,
        }
    }

    /// The keys that lead to the list of what runs before a tool is used.
    fn keys(self) -> [&'static str; 2] {
        match self {
            Agent::Claude | Agent::Codex => ["hooks", "PreToolUse"],
            Agent::Cursor => ["hooks", "preToolUse"],
        }
    }

    /// The tools that write files.
    fn tools(self) -> &'static str {
        match self {
            Agent::Claude => "Edit|Write|MultiEdit|NotebookEdit",
            Agent::Codex => "apply_patch|Edit|Write",
            Agent::Cursor => "Write|Edit|StrReplace|MultiEdit|EditNotebook|ApplyPatch|Delete",
        }
    }

    /// Whether it is one of them.
    pub fn writes_with(self, tool: &str) -> bool {
        self.tools().split('|').any(|known| known == tool)
    }

    /// By which an entry of ours is known, whichever version wrote it, and wherever the program was.
    pub fn mark(self) -> String {
        format!(" validate --stdin-agent {}", self.name())
    }

    /// What the settings name. Whatever else goes wrong, a program that is gone or an option that it does not know keeps
    /// nobody from writing: agents take some exit statuses for a no.
    pub fn command(self, program: &str) -> String {
        let program = crate::domain::quote::shell_word(program);
        format!("{program}{} || true", self.mark())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for agent in Agent::ALL {
            assert_eq!(Agent::named(agent.name()), Some(agent));
        }
        assert_eq!(Agent::named("clippy"), None);
        assert_eq!(
            Agent::Claude.command("/it's/tracks"),
            r"'/it'\''s/tracks' validate --stdin-agent claude || true"
        );
    }
}
