//! An agent's settings with our entry put in or taken out: a change of the text, so that everything else stays as it is,
//! byte for byte. Comments and commas too many are let pass, as some agents do.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::ops::Range;

use super::Agent;
use read::{Kind, Node, comma_behind, member, object, root, unreadable};
use write::{Json, Style};

/// A file that is not what the agent's settings are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct Unreadable {
    pub line: usize,
    pub why: String,
}

/// The settings with our entry, and no other entry of ours. `None` for a file that is not there or has nothing in it.
///
/// # Errors
/// When the text cannot be read, or something else is where the entry has to go.
pub fn installed(agent: Agent, text: Option<&str>, program: &str) -> Result<String, Unreadable> {
    let command = agent.command(program);
    let entry = entry(agent, &command);
    let Some(text) = text.filter(|text| !is_blank(text)) else {
        return Ok(fresh(agent, entry));
    };
    if is_there(agent, text, &command)? {
        return Ok(text.to_owned());
    }
    let mut text = removed(agent, text)?;
    if agent == Agent::Cursor && member(&root(&text)?, "version").is_none() {
        text = put(&text, &root(&text)?, Some("version"), &Json::Word("1"), 1);
    }
    let [hooks, event] = agent.keys();
    let top = root(&text)?;
    let Some(known) = member(&top, hooks) else {
        let events = Json::Object(vec![(event, Json::List(vec![entry]))]);
        return Ok(put(&text, &top, Some(hooks), &events, 1));
    };
    let known = object(&text, known, hooks)?;
    let Some(events) = member(known, event) else {
        let list = Json::List(vec![entry]);
        return Ok(put(&text, known, Some(event), &list, 2));
    };
    match events.kind {
        Kind::List(_) => Ok(put(&text, events, None, &entry, 3)),
        _ => Err(unreadable(
            &text,
            events.at.start,
            format!("`{event}` is no list"),
        )),
    }
}

/// What somebody can put into settings by hand: all that would be in a file of ours, in one line.
pub fn by_hand(agent: Agent, program: &str) -> String {
    let text = fresh(agent, entry(agent, &agent.command(program)));
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    lines.join(" ")
}

/// Whether there is nothing in it, which is as if it were not there.
fn is_blank(text: &str) -> bool {
    let rest = text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    rest.is_empty()
}

/// The settings without any entry of ours, and without the empty lists and objects that it leaves.
///
/// # Errors
/// When the text cannot be read.
pub fn removed(agent: Agent, text: &str) -> Result<String, Unreadable> {
    let mut text = text.to_owned();
    if is_blank(&text) {
        return Ok(text);
    }
    let [hooks, event] = agent.keys();
    let mark = agent.mark();
    loop {
        let top = root(&text)?;
        let list = member(&top, hooks).and_then(|hooks| member(hooks, event));
        let Some(Node {
            kind: Kind::List(entries),
            at,
        }) = list
        else {
            return Ok(text);
        };
        let is_ours = |entry: &Node| {
            let command = member(entry, "command");
            matches!(command.map(|it| &it.kind), Some(Kind::Text(command)) if command.contains(&mark))
        };
        let handlers = |entry: &'_ Node| match member(entry, "hooks") {
            Some(Node {
                kind: Kind::List(handlers),
                at,
            }) => Some((at.clone(), handlers.clone())),
            _ => None,
        };
        let mut cut = None;
        for (place, entry) in entries.iter().enumerate() {
            if is_ours(entry) {
                cut = Some(without(&text, at, &spans(entries), place));
                break;
            }
            let Some((list, handlers)) = handlers(entry) else {
                continue;
            };
            let Some(ours) = handlers.iter().position(is_ours) else {
                continue;
            };
            cut = Some(match handlers.len() {
                1 => without(&text, at, &spans(entries), place),
                // Somebody has put another one beside it.
                _ => without(&text, &list, &spans(&handlers), ours),
            });
            break;
        }
        let Some(cut) = cut else { return Ok(text) };
        text.replace_range(cut, "");
        if entries.len() > 1 {
            continue;
        }
        text = without_empty(agent, text)?;
    }
}

/// Without the list and the object that our entry was alone in, from the inside out.
fn without_empty(agent: Agent, mut text: String) -> Result<String, Unreadable> {
    let [hooks, event] = agent.keys();
    for (keys, key) in [(&[hooks][..], event), (&[], hooks)] {
        let top = root(&text)?;
        let mut holder = Some(&top);
        for key in keys {
            holder = holder.and_then(|node| member(node, key));
        }
        let Some(Node {
            kind: Kind::Object(members),
            at,
        }) = holder
        else {
            break;
        };
        let Some(place) = members.iter().position(|it| it.key == key) else {
            break;
        };
        let value = &members[place].value;
        let is_list_or_object = matches!(value.kind, Kind::List(_) | Kind::Object(_));
        let inner = text.get(value.at.start + 1..value.at.end - 1);
        let is_empty = is_list_or_object && inner.is_some_and(|it| it.trim().is_empty());
        if !is_empty {
            break;
        }
        let spans: Vec<_> = members
            .iter()
            .map(|it| it.at.start..it.value.at.end)
            .collect();
        let cut = without(&text, at, &spans, place);
        text.replace_range(cut, "");
    }
    Ok(text)
}

/// Whether our entry is there just as we would write it, once.
fn is_there(agent: Agent, text: &str, command: &str) -> Result<bool, Unreadable> {
    let [hooks, event] = agent.keys();
    let top = root(text)?;
    let events = member(&top, hooks).and_then(|hooks| member(hooks, event));
    let Some(Node {
        kind: Kind::List(entries),
        ..
    }) = events
    else {
        return Ok(false);
    };
    let says = |node: &Node, key: &str, what: &str| matches!(member(node, key).map(|it| &it.kind), Some(Kind::Text(text)) if text == what);
    let mut same = 0;
    let mut ours = 0;
    for entry in entries {
        let handlers = match member(entry, "hooks").map(|it| &it.kind) {
            Some(Kind::List(handlers)) => handlers.iter().collect(),
            _ => vec![entry],
        };
        let alone = handlers.len() == 1;
        for handler in handlers {
            let mark = agent.mark();
            ours += usize::from(
                matches!(member(handler, "command").map(|it| &it.kind), Some(Kind::Text(text)) if text.contains(&mark)),
            );
            same += usize::from(
                alone && says(entry, "matcher", agent.tools()) && says(handler, "command", command),
            );
        }
    }
    Ok((ours, same) == (1, 1))
}

fn entry(agent: Agent, command: &str) -> Json {
    let matcher = ("matcher", Json::Text(agent.tools().to_owned()));
    let command = ("command", Json::Text(command.to_owned()));
    // Far more than it ever takes; in seconds.
    let timeout = ("timeout", Json::Word("10"));
    match agent {
        Agent::Claude | Agent::Codex => {
            let kind = ("type", Json::Text("command".to_owned()));
            let handler = Json::Object(vec![kind, command, timeout]);
            Json::Object(vec![matcher, ("hooks", Json::List(vec![handler]))])
        }
        Agent::Cursor => Json::Object(vec![command, matcher, timeout]),
    }
}

/// A whole file.
fn fresh(agent: Agent, entry: Json) -> String {
    let [hooks, event] = agent.keys();
    let mut members = vec![(hooks, Json::Object(vec![(event, Json::List(vec![entry]))]))];
    if agent == Agent::Cursor {
        members.insert(0, ("version", Json::Word("1")));
    }
    let mut text = String::new();
    Json::Object(members).write(&mut text, &Style::of(""), 0);
    text.push('\n');
    text
}

/// Adds something as the last of an object or a list, which lies so deep.
fn put(text: &str, holder: &Node, key: Option<&str>, what: &Json, depth: usize) -> String {
    let style = Style::of(text);
    let (last, behind) = match &holder.kind {
        Kind::List(items) => (
            items.last().map(|it| it.at.end),
            holder.trailing_comma(text),
        ),
        Kind::Object(members) => (
            members.last().map(|it| it.value.at.end),
            holder.trailing_comma(text),
        ),
        _ => (None, None),
    };
    let write = |new: &mut String| {
        style.break_line(new, depth);
        if let Some(key) = key {
            write::text(new, key);
            new.push_str(": ");
        }
        what.write(new, &style, depth);
    };
    let mut new = String::new();
    let mut result = text.to_owned();
    match (last, behind) {
        (Some(_), Some(comma)) => {
            write(&mut new);
            result.insert_str(comma, &new);
        }
        (Some(last), None) => {
            new.push(',');
            write(&mut new);
            result.insert_str(last, &new);
        }
        (None, _) => {
            let inner = holder.at.start + 1..holder.at.end - 1;
            write(&mut new);
            style.break_line(&mut new, depth - 1);
            match text[inner.clone()].trim().is_empty() {
                true => result.replace_range(inner, &new),
                // Comments stay in front.
                false => {
                    let kept = inner.start + text[inner.clone()].trim_end().len();
                    result.replace_range(kept..inner.end, &new);
                }
            }
        }
    }
    result
}

/// What has to be cut so that one of the items of a list or object is gone.
fn without(
    text: &str,
    holder: &Range<usize>,
    items: &[Range<usize>],
    place: usize,
) -> Range<usize> {
    let item = &items[place];
    if let Some(next) = items.get(place + 1) {
        return item.start..next.start;
    }
    if let Some(before) = place.checked_sub(1).and_then(|place| items.get(place)) {
        return before.end..item.end;
    }
    let inner = holder.start + 1..holder.end - 1;
    let around = [&text[inner.start..item.start], &text[item.end..inner.end]];
    let blank = |part: &&str| part.trim_matches([' ', '\t', '\r', '\n', ',']).is_empty();
    match around.iter().all(blank) {
        true => inner,
        // Comments stay; a comma that has nothing in front of it would not do.
        false => item.start..comma_behind(text, item.end).unwrap_or(item.end),
    }
}

fn spans(items: &[Node]) -> Vec<Range<usize>> {
    items.iter().map(|it| it.at.clone()).collect()
}
