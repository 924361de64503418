//! A script of foreign texts that try to act.

use super::strings::quoted;

const SCRIPT: &str = include_str!("../../../ceremony-scripts/initial-root.toml");

/// The first ceremony's script, whose members of these names are all this text.
pub fn script(members: &[&str], text: &str) -> String {
    let lines = SCRIPT.lines().map(|line| {
        let member = line.split_once(" = ").map(|(member, _)| member);
        match member.filter(|member| members.contains(member)) {
            Some(member) => format!("{member} = {}", quoted(text)),
            None => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
