//! Yubico's own Python SDK, unmodified, against simulated YubiHSMs. What the cases do is in
//! `python/yubihsm_sdk.py`.

use crate::common::{python, run};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn case(name: &str, firmware: &str) {
    let dir = tempfile::tempdir().unwrap();
    let control = dir.path().join("control");
    let mut sim = Command::new(env!("CARGO_BIN_EXE_hsm-sim"))
        .args(["yubihsm", "--listen", "127.0.0.1:0", "--until-eof"])
        .args(["--seed", "7", "--firmware", firmware, "--control"])
        .arg(&control)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(sim.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/yubihsm_sdk.py");
    let url = format!("http://{}", ready["listen"].as_str().unwrap());
    run(Command::new(python())
        .arg(script)
        .args([&url, control.to_str().unwrap(), name]));
    drop(sim.stdin.take());
    assert!(sim.wait().unwrap().success());
}

macro_rules! cases {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            case(stringify!($name), "2.4.1");
        }
    )* };
}

cases! {
    opens_by_password_and_not_by_a_wrong_one
    opens_by_elliptic_curve_key
    tells_the_same_device_info_in_and_out_of_a_session
    lists_what_the_filters_let_through
    tells_about_an_object_what_was_said_when_it_was_made
    signs_with_every_kind_of_key_so_that_others_can_verify
    attests_a_key_with_the_key_of_the_device
    attests_with_another_key_only_where_that_key_may
    puts_changes_and_deletes_authentication_keys
    refuses_every_command_for_which_the_session_lacks_the_capability
    lets_a_signer_sign_and_nothing_else
    refuses_a_key_for_what_it_may_not_be_used_for
    hands_on_no_more_than_is_delegated
    hides_objects_in_other_domains
    exports_and_imports_under_wrap_only_what_both_keys_allow
    keeps_fixed_options_until_it_is_reset
    logs_a_chain_that_the_client_verifies
    executes_nothing_it_cannot_log_when_auditing_is_forced
    counts_the_sessions_it_has_no_room_to_log
    tells_how_much_room_there_is
    is_new_again_after_a_reset
    has_sixteen_sessions_and_forgets_them_after_thirty_seconds
    blinks_when_asked
}

#[test]
fn older_firmware_does_the_same_where_it_can() {
    for name in [
        "opens_by_password_and_not_by_a_wrong_one",
        "tells_the_same_device_info_in_and_out_of_a_session",
        "attests_a_key_with_the_key_of_the_device",
        "logs_a_chain_that_the_client_verifies",
        "executes_nothing_it_cannot_log_when_auditing_is_forced",
        "is_new_again_after_a_reset",
    ] {
        case(name, "2.2.0");
    }
}
