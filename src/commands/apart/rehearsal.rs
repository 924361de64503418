//! `keymoot rehearse --apart --unattended`: the ceremony's folder on one side, a folder for each
//! holder apart on the other, and files between them. Each side is this program, started as
//! people start it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    commands::{
        Failure,
        child::{finish, this_program},
        rehearse::{ALL, Args},
        script,
    },
    store,
};
use keymoot_core::HostError;
use keymoot_record::{
    ceremony::{Plan, State, script::CheckedScript},
    rules::roster::Handle,
};
use keymoot_verify::say;
use std::sync::Arc;

/// The exit code of a ceremony that was left, to be resumed.
const LEFT: u8 = 4;

/// More rounds than any script has steps with turns.
const MOST_ROUNDS: usize = 16;

/// The bundle that a rehearsal apart starts from, where its script needs one and none is named: a
/// first root that the same people make in the room.
///
/// # Errors
/// [`Failure`] when it cannot be made.
pub(crate) fn first(args: &Args, dir: &Path) -> Result<Option<PathBuf>, Failure> {
    let text = script::find(&args.script)?;
    let starts_from =
        CheckedScript::parse(&text).is_ok_and(|script| script.script().scenario.has_previous());
    if args.apart.is_none() || !args.unattended || !starts_from {
        return Ok(None);
    }
    if args.roster.is_none() {
        let simulated = 1..=args.holders();
        let seats: Vec<_> = simulated.map(|number| format!("holder-{number}")).collect();
        args.take_part(&seats)?;
    }
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".first");
    let bundle = dir.with_file_name(name);
    let mut rehearse = this_program()?;
    rehearse.args(["rehearse", "initial-root", "--unattended"]);
    rehearse.args(["--holders", &args.holders().to_string()]);
    if let Some(seed) = args.seed {
        rehearse.args(["--seed", &seed.to_string()]);
    }
    if let Some(policy) = &args.policy {
        rehearse.arg("--policy").arg(policy);
    }
    rehearse.arg("--out").arg(&bundle);
    match finish(rehearse)? {
        0 => Ok(Some(bundle)),
        code => Err(HostError::new(
            format!("the rehearsal of initial-root ended with code {code}"),
            "name the bundle of another rehearsal with --previous",
        )
        .into()),
    }
}

/// The handles of those who take part apart, as `--apart` names them.
pub(crate) fn handles(named: Option<&str>, plan: &Plan) -> Vec<String> {
    match named {
        None => Vec::new(),
        Some(ALL) => {
            let places = plan.places().iter();
            places.map(|place| place.handle.to_string()).collect()
        }
        Some(named) => named.split(',').map(str::to_owned).collect(),
    }
}

/// Holds a rehearsal whose folder is laid out, the room's side first.
///
/// # Errors
/// As [`go_on`].
pub(crate) fn hold(dir: &Path, expect: &str, by_hand: bool) -> Result<u8, Failure> {
    let mut room = this_program()?;
    room.arg("resume").arg(dir);
    match finish(room)? {
        LEFT if !by_hand => go_on(dir, expect),
        code => Ok(code),
    }
}

/// Holds the part of everybody who is apart, round by round, until the ceremony is over: the
/// ceremony in `dir` has been left because only holders apart are awaited. `expect` is the set of
/// expectations that each holder has.
///
/// # Errors
/// [`Failure`] when a side cannot be started, or nobody is awaited.
fn go_on(dir: &Path, expect: &str) -> Result<u8, Failure> {
    let shelf = shelf(dir);
    for round in 1..=MOST_ROUNDS {
        let awaited = awaited(dir)?;
        if awaited.is_empty() {
            return Ok(LEFT);
        }
        let folder = |name: String| -> Result<PathBuf, HostError> {
            let path = shelf.join(name);
            fs::create_dir_all(&path).map_err(|error| HostError::file("make", &path, &error))?;
            Ok(path)
        };
        let post = folder("post".to_owned())?;
        let request = post.join(format!("{round}.request"));
        let mut ask = this_program()?;
        ask.arg("request")
            .arg(dir)
            .args(["--by", "rehearsal", "-o"])
            .arg(&request);
        if let code @ 1.. = finish(ask)? {
            return Ok(code);
        }
        let mut collect = this_program()?;
        collect.arg("collect").arg(dir);
        for holder in &awaited {
            say!("\n{holder} answers apart");
            let own = folder(format!("holders/{holder}"))?;
            let answer = post.join(format!("{round}-{holder}.answer"));
            let mut turn = this_program()?;
            turn.arg("answer").arg(&request).arg("-o").arg(&answer);
            turn.args([
                "--as",
                holder.as_str(),
                "--rehearsal",
                "--unattended",
                "--expect",
                expect,
            ]);
            turn.arg("--devices")
                .arg(dir)
                .arg("--dir")
                .arg(own.join(round.to_string()));
            if let code @ 1.. = finish(turn)? {
                return Ok(code);
            }
            collect.arg(answer);
        }
        say!();
        if let code @ 1.. = finish(collect)? {
            return Ok(code);
        }
        let mut resume = this_program()?;
        resume.arg("resume").arg(dir);
        match finish(resume)? {
            LEFT => {}
            code => return Ok(code),
        }
    }
    Ok(LEFT)
}

/// Where the holders' folders and the files between both sides are: beside the ceremony's folder.
fn shelf(dir: &Path) -> PathBuf {
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".apart");
    dir.with_file_name(name)
}

/// The holders apart whom the ceremony awaits.
fn awaited(dir: &Path) -> Result<Vec<Handle>, Failure> {
    let chain = store::Journal::look(dir)?;
    let plan = Arc::new(store::plan::read(dir, &chain)?);
    let state = State::fold(plan, &chain)
        .map_err(|illegal| HostError::new(illegal.to_string(), "resume the rehearsal"))?;
    Ok(state.to_be_asked())
}
