//! The MACHINE rules: what each looks at.
#![allow(clippy::unwrap_used)]
use super::{
    Access, Disk, Link, Machine, Mapped, Medium, Past, Process, RULES, Service, Space, Unusable,
    check, minutes_apart,
};
use crate::transcript::{FORMAT, Mode, Time};
use keymoot_core::{Outcome, Rule, RuleId, Verdict};

fn time(unix: i64) -> Time {
    Time::from_unix(unix).unwrap()
}

/// A machine on which every rule holds.
fn good() -> Machine {
    Machine {
        now: time(1_790_000_000),
        links_up: Vec::new(),
        radios_on: Vec::new(),
        swap: Vec::new(),
        hibernates: false,
        core_limit: 0,
        core_handler: None,
        readable: false,
        tracer: None,
        ptrace_scope: Some(1),
        memory_locked: true,
        others: Vec::new(),
        space: vec![Space {
            place: "/srv/ceremony".to_owned(),
            free: 1 << 30,
            medium: None,
        }],
        service_chosen: false,
        entropy: true,
        process: Process {
            asked: Vec::new(),
            mapped: vec![mapped("/usr/bin/keymoot", false)],
        },
        service: Some(Service {
            protocol: Ok("4.4".to_owned()),
            socket: "/run/pcscd/pcscd.comm".to_owned(),
            access: Some(Access {
                owner: 0,
                mode: 0o600,
            }),
            user: 1000,
            logging: Vec::new(),
            systemd: false,
        }),
    }
}

fn mapped(path: &str, is_foreign: bool) -> Mapped {
    Mapped {
        path: path.to_owned(),
        sha256: Some(keymoot_core::digest::Digest::of(path.as_bytes())),
        is_foreign,
    }
}

fn link(name: &str, carrier: bool) -> Link {
    Link {
        name: name.to_owned(),
        carrier,
    }
}

fn violated(machine: &Machine, past: &[Past], mode: Mode) -> Vec<Verdict> {
    let mut verdicts = check(machine, past, mode, FORMAT);
    verdicts.retain(Verdict::is_violated);
    verdicts
}

/// The rules that a machine violates in a live ceremony, and their words.
fn live(change: impl FnOnce(&mut Machine)) -> (Vec<RuleId>, String) {
    let mut machine = good();
    change(&mut machine);
    let verdicts = violated(&machine, &[], Mode::Live);
    let said = verdicts.iter().map(|v| format!("{} {}", v.detail, v.next));
    let said = said.collect::<Vec<_>>().join("\n");
    (verdicts.into_iter().map(|v| v.rule).collect(), said)
}

#[test]
fn each_rule_is_checked_once_and_passes_on_a_prepared_machine() {
    for mode in [Mode::Live, Mode::Rehearsal] {
        let verdicts = check(&good(), &[], mode, FORMAT);
        assert!(verdicts.iter().all(|v| v.outcome == Outcome::Held));
        let judged = RULES
            .iter()
            .map(|rule| verdicts.iter().filter(|v| v.rule == *rule).count());
        assert!(judged.eq(RULES.iter().map(|_| 1)) && verdicts.len() == RULES.len());
    }
}

#[test]
fn what_each_rule_looks_at_violates_it_in_a_live_ceremony() {
    let some = || vec!["some".to_owned()];
    type Change<'c> = Box<dyn Fn(&mut Machine) + 'c>;
    let changes: [(Rule, Change<'_>); 19] = [
        (
            Rule::MachineNetwork,
            Box::new(|m| m.links_up = vec![link("eth0", true)]),
        ),
        (Rule::MachineRadio, Box::new(|m| m.radios_on = some())),
        (Rule::MachineSwap, Box::new(|m| m.swap = some())),
        (Rule::MachineHibernation, Box::new(|m| m.hibernates = true)),
        (Rule::MachineCore, Box::new(|m| m.core_limit = 1)),
        (Rule::MachineMemory, Box::new(|m| m.memory_locked = false)),
        (Rule::MachineTrace, Box::new(|m| m.tracer = Some(7))),
        (Rule::MachineAlone, Box::new(|m| m.others = some())),
        (Rule::MachineSpace, Box::new(|m| m.space[0].free = 1 << 20)),
        (Rule::MachineService, Box::new(|m| m.service_chosen = true)),
        (Rule::MachineClock, Box::new(|m| m.now = time(1))),
        (Rule::MachineEntropy, Box::new(|m| m.entropy = false)),
        (Rule::MachineLoaded, Box::new(|m| m.process.asked = some())),
        (
            Rule::MachineLoaded,
            Box::new(|m| m.process.mapped.push(mapped("/tmp/spy.so", true))),
        ),
        (Rule::MachineLoaded, Box::new(|m| m.process.mapped.clear())),
        (
            Rule::MachinePcsc,
            Box::new(|m| m.service.as_mut().unwrap().protocol = Err(Unusable::Closes)),
        ),
        (
            Rule::MachinePcsc,
            Box::new(|m| m.service.as_mut().unwrap().logging = vec![7]),
        ),
        (
            Rule::MachinePcsc,
            Box::new(|m| m.service.as_mut().unwrap().access.as_mut().unwrap().mode = 0o666),
        ),
        (
            Rule::MachinePcsc,
            Box::new(|m| m.service.as_mut().unwrap().access.as_mut().unwrap().owner = 1001),
        ),
    ];
    for (id, change) in changes {
        assert_eq!(live(change).0, [id]);
    }
}

#[test]
fn the_media_of_folder_and_bundle_are_recorded_with_what_is_risky_about_them() {
    let on = |label: &str| Space {
        place: format!("/media/{label}"),
        free: 1 << 30,
        medium: Some(Medium {
            file_system: "exfat".to_owned(),
            label: Some(label.to_owned()),
            mounted_at: format!("/media/{label}"),
            disk: Some(Disk {
                name: "sda".to_owned(),
                model: None,
                has_the_system: false,
            }),
        }),
    };
    let mut machine = good();
    machine.space = vec![on("CEREMONY"), on("BUNDLE")];
    let verdicts = check(&machine, &[], Mode::Live, FORMAT);
    let said = verdicts.iter().find(|v| v.rule == Rule::MachineSpace);
    let said = &said.unwrap().detail;
    for part in [
        "the folder is on the medium CEREMONY (exfat on sda); the bundle is on the medium BUNDLE",
        "warning: the ceremony's folder and the bundle are on one disk",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

#[test]
fn a_rehearsal_records_what_it_does_not_ask() {
    let mut machine = good();
    machine.links_up = vec![link("eth0", false)];
    machine.hibernates = true;
    let verdicts = check(&machine, &[], Mode::Rehearsal, FORMAT);
    let unasked: Vec<_> = verdicts
        .iter()
        .filter(|v| v.outcome == Outcome::NotAsked)
        .collect();
    assert_eq!(unasked.len(), 2);
    assert!(unasked[0].detail.contains("eth0"));
    assert_eq!(violated(&machine, &[], Mode::Rehearsal), []);
}

#[test]
fn the_help_for_an_interface_is_the_command_that_takes_it_down() {
    for carrier in [true, false] {
        let (_, said) = live(|machine| machine.links_up = vec![link("wlp3s0", carrier)]);
        assert!(said.contains("`ip link set wlp3s0 down`"), "{said}");
        assert_eq!(said.contains("no cable"), !carrier);
    }
}

#[test]
fn systemctl_is_advised_only_where_systemd_runs() {
    for systemd in [true, false] {
        let (_, said) = live(|machine| {
            let service = machine.service.as_mut().unwrap();
            service.protocol = Err(Unusable::Fails("no such file".to_owned()));
            service.systemd = systemd;
        });
        assert_eq!(said.contains("systemctl"), systemd, "{said}");
    }
}

#[test]
fn each_reason_why_the_service_cannot_be_used_has_a_help_of_its_own() {
    let fails = Unusable::Fails("no such file".to_owned());
    for (why, detail, next) in [
        (
            Unusable::SocketForbidden,
            "this user may not open the socket",
            "run keymoot as root",
        ),
        (
            Unusable::Closes,
            "closes the connections of this user",
            "its polkit rules refuse this user",
        ),
        (
            Unusable::OtherVersion,
            "another version of its protocol",
            "install pcscd and libpcsclite1 of the same version",
        ),
        (fails, "does not answer", "start `pcscd` as root"),
    ] {
        let (rules, said) = live(|m| m.service.as_mut().unwrap().protocol = Err(why));
        assert_eq!(rules, [Rule::MachinePcsc]);
        assert!(said.contains(detail) && said.contains(next), "{said}");
        assert_eq!(said.contains("start `pcscd`"), next.starts_with("start"));
    }
}

#[test]
fn the_socket_of_the_service_belongs_to_root_or_to_the_user_of_keymoot() {
    let owned = |owner| {
        move |machine: &mut Machine| {
            let service = machine.service.as_mut().unwrap();
            service.access.as_mut().unwrap().owner = owner;
        }
    };
    assert!(live(owned(0)).0.is_empty());
    assert!(live(owned(1000)).0.is_empty());
    let (rules, said) = live(owned(1001));
    assert_eq!(rules, [Rule::MachinePcsc]);
    assert!(
        said.contains("user 1001 owns /run/pcscd/pcscd.comm"),
        "{said}"
    );
}

#[test]
fn where_nobody_brings_a_yubikey_the_service_may_be_missing() {
    assert!(live(|machine| machine.service = None).0.is_empty());
}

#[test]
fn format_1_is_not_asked_for_what_it_does_not_record() {
    let verdicts = check(&good(), &[], Mode::Live, 1);
    assert_eq!(verdicts.len(), 12);
}

#[test]
fn a_program_that_takes_core_dumps_matters_only_where_they_can_be_made() {
    let handled = |machine: &mut Machine| machine.core_handler = Some("/bin/taker".to_owned());
    assert!(live(handled).0.is_empty());
    let (rules, said) = live(|machine| {
        handled(machine);
        machine.readable = true;
    });
    assert_eq!(rules, [Rule::MachineCore, Rule::MachineTrace]);
    assert!(said.contains("/bin/taker"));
}

#[test]
fn a_clock_behind_a_known_moment_gets_that_moment_in_the_verdict() {
    let past = |at: i64| {
        vec![
            Past {
                at: time(1_780_000_000),
                what: "the root was made",
            },
            Past {
                at: time(at),
                what: "the last ceremony ended",
            },
        ]
    };
    assert_eq!(violated(&good(), &past(1_790_000_000), Mode::Rehearsal), []);
    let verdicts = violated(&good(), &past(1_790_000_001), Mode::Rehearsal);
    assert_eq!(verdicts[0].rule, Rule::MachineClock);
    assert!(verdicts[0].detail.contains("the last ceremony ended at"));
}

#[test]
fn minutes_between_two_clocks_are_counted_across_midnight() {
    // 2026-09-21T13:33:20Z
    let now = time(1_789_997_600);
    assert_eq!(minutes_apart("13:33", now), Some(0));
    assert_eq!(minutes_apart("13:38", now), Some(5));
    assert_eq!(minutes_apart("01:33", now), Some(12 * 60));
    let midnight = time(1_789_948_800);
    assert_eq!(minutes_apart("23:59", midnight), Some(1));
    assert_eq!(minutes_apart("noon", now), None);
}
