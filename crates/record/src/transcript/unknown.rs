//! Members of events that another version of the program wrote and this one does not know. They
//! are kept and shown, and never acted on.

use serde_json::Value;

use super::Event;

/// The most unknown members that one line may have.
const MOST: usize = 64;

/// Finds the members of a recorded event that this program does not know.
///
/// # Errors
/// Why this program would write the known members in another way: two transcripts would say the
/// same.
pub(super) fn members(recorded: &Value, event: &Event) -> Result<Vec<String>, String> {
    let known = serde_json::to_value(event).map_err(|error| error.to_string())?;
    let mut members = Vec::new();
    beyond(recorded, &known, String::new(), &mut members)?;
    if members.is_empty() {
        return Ok(members);
    }
    let probed = with_short_branch(recorded);
    for member in &members {
        if is_known(&probed, member) {
            return Err(format!("{member} is written where it is left out"));
        }
    }
    Ok(members)
}

/// The same event with one entry of its branch. The others were looked through when the branch was
/// read, and each look at a member would read them all again.
fn with_short_branch(recorded: &Value) -> Value {
    let mut short = recorded.clone();
    if let Some(Value::Array(entries)) = short.get_mut("branch") {
        entries.truncate(1);
    }
    short
}

/// Collects what a value has beyond a known one.
fn beyond(
    recorded: &Value,
    known: &Value,
    place: String,
    members: &mut Vec<String>,
) -> Result<(), String> {
    let different = || Err("it is not in canonical form".to_owned());
    match (recorded, known) {
        (Value::Object(recorded), Value::Object(known)) => {
            if known.keys().any(|name| !recorded.contains_key(name)) {
                return different();
            }
            for (name, value) in recorded {
                let place = format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
                match known.get(name) {
                    Some(known) => beyond(value, known, place, members)?,
                    None if members.len() < MOST => members.push(place),
                    None => return Err(format!("it has more than {MOST} unknown members")),
                }
            }
            Ok(())
        }
        (Value::Array(recorded), Value::Array(known)) if recorded.len() == known.len() => {
            let pairs = recorded.iter().zip(known).enumerate();
            for (index, (recorded, known)) in pairs {
                beyond(recorded, known, format!("{place}/{index}"), members)?;
            }
            Ok(())
        }
        (recorded, known) if recorded == known => Ok(()),
        _ => different(),
    }
}

/// Whether this program reads a member: it refuses one that it reads when its type is wrong.
fn is_known(recorded: &Value, member: &str) -> bool {
    let mut probe = recorded.clone();
    if let Some(value) = probe.pointer_mut(member) {
        // No member of an event is a list that may hold null.
        *value = Value::Array(vec![Value::Null]);
    }
    serde_json::from_value::<Event>(probe).is_err()
}
