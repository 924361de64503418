//! `keymoot answer --tree`: a holder signs in a checkout of another tool's signing event.

use std::{path::Path, process::ExitCode};

use super::{
    args::Args,
    devices::devices,
    written::{Destination, place_of_receipt},
};
use crate::{
    commands::{
        Failure,
        operate::{Manner, Shown},
    },
    driver::signing_event::{Ended, EventTurn},
    host::{clock, machine, program::Measuring},
    store,
};
use keymoot_attestation::TrustStore;
use keymoot_core::{
    HostError,
    text::{escape, escape_path, excerpt, quoted_path},
};
use keymoot_record::{
    bundle::Files,
    rules::{self, roster::Handle},
    signing_event::{self, Given, SigningEvent},
    transcript::{FORMAT, Mode},
};
use keymoot_verify::{checkout, expected::expectations, files::read_bounded, say};

/// Exit codes: 0 signed, 1 could not run, 3 a rule was violated, 4 left. Nothing is written but
/// with 0.
pub(super) fn run(
    args: &Args,
    measuring: Measuring,
    vendor: &TrustStore,
) -> Result<ExitCode, Failure> {
    let (Some(tree), Some(base)) = (&args.tree, &args.base) else {
        return Ok(ExitCode::from(2));
    };
    let mode = Mode::of(args.rehearsal);
    let out = place_of_receipt(&args.out, tree)?;
    let branch = branch_of(tree);
    let set = expectations(args.expect())?;
    let demanded = args.expect.is_some();
    let read = || match checkout::read(tree) {
        Ok(files) => Ok(files),
        Err(Failure::Host(error) | Failure::Usage(error)) => Err(error),
        Err(Failure::Violated(verdicts)) => {
            let found: Vec<_> = verdicts.into_iter().map(|verdict| verdict.detail).collect();
            Err(HostError::new(
                found.join("; "),
                "make a fresh checkout of the branch",
            ))
        }
    };
    let (base, files) = (checkout::read(base)?, checkout::read(tree)?);
    let trusted = args.trusted_root()?;
    let opened = signing_event::open(Given {
        base: &base,
        tree: &files,
        branch: branch.as_deref(),
        roles: &args.role,
        trusted_root: trusted.as_deref(),
        target: &|name, listed| checkout::target(tree, name, listed),
        set: demanded.then_some(&set),
        mode,
        now: clock::now()?,
    });
    let signed = Failure::sound(opened)?;
    let holder = who(&signed, args.holder.as_deref())?;
    if !signed.holders().contains(holder.as_str()) {
        let awaited = signed.awaits(holder.as_str(), None);
        return Err(Failure::Violated(vec![awaited]));
    }
    let destination = Destination {
        tree,
        before: &files,
        receipt: &out,
    };
    destination.try_out(signed.paths_of(holder.as_str()).into_iter())?;
    let (surroundings, simulator) = devices(args, mode)?;
    machine::protect();
    let trust = match (mode, &args.devices) {
        (Mode::Rehearsal, Some(devices)) => store::rehearsal::vendor(devices)?,
        _ => vendor.clone(),
    };
    let machine = machine::examine(&[tree, &out], true)?;
    let machine = rules::machine::check(&machine, &[], mode, FORMAT);
    Failure::of_violated(machine.clone())?;
    let write = |placed: &Files, receipt: &[u8]| destination.write(placed, receipt);
    let turn = EventTurn {
        event: &signed,
        holder,
        mode,
        branch: branch.as_deref(),
        trust: &trust,
        set: &set,
        demanded,
        is_root_given: trusted.is_some(),
        machine: &machine,
        program: measuring.digest()?,
        files: &read,
        write: &write,
    };
    let shown = Shown {
        mode,
        title: "a signing event",
        simulator: simulator.as_ref(),
        simulators: surroundings.simulators.as_ref(),
        manner: Manner::of(args.plain),
    };
    match shown.operate(|operator| turn.conduct(operator))?? {
        Ended::Signed {
            paths,
            serial,
            left,
        } => {
            signed_with(tree, &paths, &out, branch.as_deref(), &turn.holder, serial);
            for key in left {
                say!(
                    "The event awaits your other key, too: {}. Commit, then run the same command with that device and another -o.",
                    key.short_words()
                );
            }
            Ok(ExitCode::SUCCESS)
        }
        Ended::Left => {
            say!("Left. Nothing was signed, and nothing was written.");
            Ok(ExitCode::from(4))
        }
        Ended::Violated(verdict) => Err(Failure::Violated(vec![verdict])),
    }
}

/// The branch that a checkout is on, as git's own files say (gitrepository-layout(5)). A worktree
/// has a file `.git` that names its folder.
fn branch_of(tree: &Path) -> Option<String> {
    let read = |path: &Path| {
        read_bounded(path, 4096)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
    };
    let git = tree.join(".git");
    let folder = match read(&git) {
        Some(file) => tree.join(file.strip_prefix("gitdir: ")?.trim_end()),
        None => git,
    };
    let head = read(&folder.join("HEAD"))?;
    Some(head.strip_prefix("ref: refs/heads/")?.trim_end().to_owned())
}

/// The holder who signs, and the holder's name in the repository, in lower case: the one awaited,
/// or the one of several who is named.
fn who(event: &SigningEvent, named: Option<&str>) -> Result<Handle, HostError> {
    let awaited: Vec<_> = event.holders().into_iter().collect();
    let name = match (named, awaited.as_slice()) {
        (Some(name), _) => Some(name.trim_start_matches('@').to_lowercase()),
        (None, [one]) => Some(one.clone()),
        (None, _) => None,
    };
    let name = name.ok_or_else(|| {
        let names: Vec<_> = awaited.iter().map(|name| excerpt(name)).collect();
        match names.is_empty() {
            true => HostError::new(
                "the event awaits no signature",
                "fetch the branch again; there is nothing to sign",
            ),
            false => HostError::new(
                format!("the event awaits {}", names.join(", ")),
                "say who you are with --as HANDLE",
            ),
        }
    })?;
    Handle::try_from(name).map_err(|why| HostError::new(why, "name yourself with --as HANDLE"))
}

/// Prints the files that were written, and the git commands for the holder.
fn signed_with(
    tree: &Path,
    paths: &[String],
    out: &Path,
    branch: Option<&str>,
    holder: &Handle,
    serial: u32,
) {
    let quoted = |path: &str| quoted_path(Path::new(path));
    let files: Vec<_> = paths.iter().map(|path| quoted(path)).collect();
    for path in paths {
        say!("signed {}", escape(path));
    }
    let git = format!("git -C {}", quoted_path(tree));
    let push = match branch {
        Some(branch) => quoted(&format!("HEAD:refs/heads/{branch}")),
        None => "HEAD:refs/heads/sign/NAME".to_owned(),
    };
    say!(
        "Signed with YubiKey {serial}. Your receipt is {}; keep it.\nThe signatures alone differ. What is left to do:\n  \
         {git} diff\n  {git} add {}\n  {git} commit --signoff -m 'Signature from @{holder}'\n  {git} push origin {push}",
        escape_path(out),
        files.join(" ")
    );
}
