//! The state of an event that a tool keeps beside the documents while the event is open.

use super::{Given, STOP, SigningEvent};
use keymoot_core::{
    Rule, Verdict, Violation,
    json::{self, At, Json, Misfit},
    text::{excerpt, several},
};

/// EVENT-STATE: nothing is pending that would change a document after it is signed.
pub(super) fn nothing_is_pending(given: &Given<'_>, event: &SigningEvent) -> Verdict {
    let path = event.dialect.event_state();
    let bytes = path.and_then(|path| given.tree.get(path));
    let Some((path, bytes)) = path.zip(bytes) else {
        return of(&[]);
    };
    let state = json::parse(bytes, bytes.len()).map_err(|error| error.to_string());
    let open = state.and_then(|state| open_in(&state).map_err(|misfit| misfit.to_string()));
    match open {
        Ok(open) => of(&open),
        // It may say that somebody is invited.
        Err(why) => Violation::new(
            Rule::EventState,
            format!("{path}, the state of the event, cannot be read: {why}"),
            STOP,
        )
        .into(),
    }
}

fn of(open: &[String]) -> Verdict {
    Verdict::unless(
        Rule::EventState,
        !open.is_empty(),
        || "no invitation is open".to_owned(),
        || several(open, "; "),
        "wait until the invited people have added their keys; signatures from before that are lost",
    )
}

/// The invitations and pending configurations of an event, in words.
fn open_in(state: &Json) -> Result<Vec<String>, Misfit> {
    let state = At::top(state, "the state");
    let mut open = Vec::new();
    if let Some(invites) = state.find("invites")? {
        for (who, roles) in invites.members()? {
            let roles = roles.items()?.map(|role| role.string().map(excerpt));
            let roles: Vec<_> = roles.collect::<Result<_, _>>()?;
            open.push(format!(
                "{} is invited to sign for {}, and has not added a key",
                excerpt(who),
                roles.join(", ")
            ));
        }
    }
    if let Some(pending) = state.find("pending")? {
        let pending = pending.members()?;
        open.extend(
            pending
                .map(|(role, _)| format!("the configuration of {} waits for keys", excerpt(role))),
        );
    }
    Ok(open)
}
