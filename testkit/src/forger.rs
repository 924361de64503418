//! Bundles that somebody forges together with all holders: after a change, every statement,
//! every document and the manifest are signed again by the keys in the simulated devices.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keymoot_attestation::TrustStore;
use keymoot_core::digest::Digest;
use keymoot_record::{
    bundle::{self, AFTER_THE_SEAL, Files},
    ceremony::{
        Plan, PlanFiles, State,
        enrolment::Enrolment,
        statement::{self, envelope, signed_bytes},
    },
    transcript::{Chain, Event, Time},
};
use keymoot_tuf as tuf;
use keymoot_tuf::Dialect;
use serde_json::json;

use crate::{
    holders::Holders,
    stage::{below, finished},
};

/// An event of a transcript, and its time.
pub type Line = (Event, Time);

/// The list of a bundle's files.
pub const MANIFEST: &str = "MANIFEST.json";
/// Who closed a bundle.
pub const SIGNATURES: &str = "MANIFEST.sigs.json";

/// A ceremony before it is changed, and what is signed again afterwards.
pub struct Forger {
    dir: PathBuf,
    honest: Files,
    holders: Holders,
    vendor: TrustStore,
    /// The files of the plan.
    pub plan: PlanFiles,
    honest_plan: PlanFiles,
    /// The transcript.
    pub lines: Vec<Line>,
    /// Files that events speak of, other than those of the honest ceremony.
    pub objects: BTreeMap<Digest, Vec<u8>>,
    /// The holder whose statement keeps the signature of the honest ceremony.
    pub stale: Option<&'static str>,
    /// The holder whose signatures on documents are those on something else.
    pub wrong: Option<&'static str>,
    /// The number of holders who close the bundle.
    pub closers: usize,
}

impl Forger {
    /// The ceremony that every test shares.
    pub fn shared() -> Self {
        Self::of(&finished().dir(), &finished().out())
    }

    /// A rehearsal, its folder and its bundle.
    pub fn of(dir: &Path, out: &Path) -> Self {
        let vendor = TrustStore::vendor().unwrap();
        Self::live(dir, out, &dir.join("rehearsal/devices.json"), vendor)
    }

    /// A live ceremony, its folder, its bundle, the simulated devices and their vendor.
    pub fn live(dir: &Path, out: &Path, devices: &Path, vendor: TrustStore) -> Self {
        let honest = keymoot_verify::read(out).unwrap().files().clone();
        let text = |name: &str| String::from_utf8(honest[name].clone()).unwrap();
        let plan = PlanFiles {
            script: text("script.toml"),
            policy: text("policy.toml"),
            roster: text("roster.toml"),
            inputs: below(&out.join("inputs")),
        };
        let chain = Chain::read(&honest["transcript.jsonl"]).unwrap();
        let lines = chain.entries().iter();
        let lines = lines.map(|entry| (entry.event.clone(), entry.time));
        Self {
            holders: Holders::of(devices),
            vendor,
            dir: dir.to_owned(),
            honest_plan: plan.clone(),
            plan,
            lines: lines.collect(),
            objects: BTreeMap::new(),
            stale: None,
            wrong: None,
            closers: usize::MAX,
            honest,
        }
    }

    /// The events of the transcript.
    pub fn events(&mut self) -> impl Iterator<Item = &mut Event> {
        self.lines.iter_mut().map(|(event, _)| event)
    }

    /// Keeps a file that events speak of.
    pub fn keep(&mut self, bytes: Vec<u8>) -> Digest {
        let digest = Digest::of(&bytes);
        self.objects.insert(digest, bytes);
        digest
    }

    /// The file with this digest, of those that events speak of.
    pub fn object(&self, digest: &Digest) -> Option<Vec<u8>> {
        let kept = self.objects.get(digest).cloned();
        let folder = self.dir.join("objects");
        let kept = kept.or_else(|| std::fs::read(folder.join(digest.to_string())).ok());
        let given = self.plan.inputs.values();
        kept.or_else(|| {
            given
                .into_iter()
                .find(|b| Digest::of(b) == *digest)
                .cloned()
        })
    }

    /// Changes a document before anybody reads or signs it.
    pub fn redraft(&mut self, name: &str, change: impl FnOnce(&mut serde_json::Value)) {
        let proposed = self.events().find_map(|event| match event {
            Event::Proposed { document, file, .. } if document.name() == name => Some(*file),
            _ => None,
        });
        let bytes = self.object(&proposed.unwrap()).unwrap();
        let mut json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        change(&mut json["signed"]);
        let bytes = serde_json::to_vec(&json).unwrap();
        let document = tuf::Document::parse(&bytes, bytes.len()).unwrap();
        let now = document.digest();
        let kept = self.keep(Dialect::TufOnCi.assemble(&document, &BTreeMap::new()));
        for event in self.events() {
            match event {
                Event::Proposed {
                    document,
                    file,
                    signed,
                    ..
                } if document.name() == name => {
                    (*file, *signed) = (kept, now);
                }
                Event::Reviewed { document, signed }
                | Event::SignAnnounced {
                    document, signed, ..
                }
                | Event::Signed {
                    document, signed, ..
                } if document.name() == name => {
                    *signed = now;
                }
                _ => {}
            }
        }
    }

    /// The digests of a changed plan go into `opened` and `plan-read`.
    pub fn plan_is_read(&mut self) {
        let [script_now, policy_now, roster_now] = self.plan.digests();
        let inputs_now = self.plan.input_digests();
        for event in self.events() {
            match event {
                Event::Opened {
                    script,
                    policy,
                    roster,
                    inputs,
                    ..
                } => {
                    (*script, *policy, *roster) = (script_now, policy_now, roster_now);
                    *inputs = inputs_now.clone();
                }
                Event::PlanRead { part, digest } => {
                    *digest = match part.name() {
                        "policy" => policy_now,
                        "roster" => roster_now,
                        "script" => script_now,
                        _ => *digest,
                    };
                }
                _ => {}
            }
        }
    }

    /// The bundle, with every signature made again. What follows from a transcript that does not
    /// fold, or from a plan that is refused, is the honest ceremony's.
    pub fn forge(mut self) -> Files {
        self.plan_is_read();
        let lines = std::mem::take(&mut self.lines);
        let plan = Plan::check(self.plan.clone());
        let honest_plan = || Plan::check(self.honest_plan.clone()).unwrap().into();
        let is_lawful = plan.is_ok();
        let plan = plan.map_or_else(|_| honest_plan(), Arc::new);
        let (mut chain, mut state) = (Chain::default(), Some(State::new(plan)));
        for (event, time) in lines {
            let event = match &state {
                Some(state) => self.signed_again(event, state, &chain),
                None => event,
            };
            let entry = chain.next(event, time).unwrap();
            state = state.and_then(|state| state.after(&entry).ok());
            chain.push(entry).unwrap();
        }
        let made = state.filter(|_| is_lawful).and_then(|state| {
            let plan = &state.plan;
            let object = |digest: &Digest| self.object(digest).or_else(|| plan.object(digest));
            bundle::contents(&state, &chain, &object, &self.vendor).ok()
        });
        // Evidence that proves nothing has no report: the files beside it are made by hand.
        let evidence = made.is_none().then(|| self.evidence(&chain));
        let mut files = made.unwrap_or_else(|| self.honest.clone());
        files.extend(evidence.into_iter().flatten());
        files.retain(|path, _| !path.starts_with("inputs/"));
        let inputs = self.plan.inputs.iter();
        files.extend(inputs.map(|(path, bytes)| (format!("inputs/{path}"), bytes.clone())));
        files.insert("transcript.jsonl".to_owned(), chain.bytes_through(u64::MAX));
        files.insert("script.toml".to_owned(), self.plan.script.clone().into());
        files.insert("policy.toml".to_owned(), self.plan.policy.clone().into());
        files.insert("roster.toml".to_owned(), self.plan.roster.clone().into());
        self.close(files, chain.head())
    }

    /// The certificates and statements that a transcript names, where they lie in a bundle.
    fn evidence(&self, chain: &Chain) -> Files {
        let certificate = |digest: &Digest| {
            let bytes = self.object(digest).unwrap_or_default();
            let text = STANDARD.encode(bytes);
            let rows: Vec<_> = text
                .as_bytes()
                .chunks(64)
                .map(String::from_utf8_lossy)
                .collect();
            let rows = rows.join("\n");
            format!("-----BEGIN CERTIFICATE-----\n{rows}\n-----END CERTIFICATE-----\n").into_bytes()
        };
        let mut files = Files::new();
        for entry in chain.entries() {
            match &entry.event {
                Event::Attested {
                    holder,
                    serial,
                    attestation,
                    device,
                    ..
                } => {
                    let path = |name: &str| format!("attestations/{holder}/{serial}/{name}.pem");
                    files.insert(path("attestation"), certificate(attestation));
                    files.insert(path("device"), certificate(device));
                }
                Event::Enrolled {
                    holder,
                    serial,
                    statement,
                    ..
                } => {
                    let path = format!("attestations/{holder}/{serial}/enrolment.json");
                    files.insert(path, self.object(statement).unwrap_or_default());
                }
                _ => {}
            }
        }
        files.retain(|path, _| self.honest.contains_key(path));
        files
    }

    /// The manifest that these files need, signed by the holders.
    pub fn close(&self, files: Files, head: Digest) -> Files {
        self.close_with(files, |manifest| manifest["head"] = head.to_string().into())
    }

    /// The same, with a manifest that is changed before it is signed.
    pub fn close_with(
        &self,
        mut files: Files,
        change: impl FnOnce(&mut serde_json::Value),
    ) -> Files {
        // What follows the seal is not in the manifest.
        files.retain(|path, _| ![MANIFEST, SIGNATURES, AFTER_THE_SEAL].contains(&path.as_str()));
        let listed = files.iter().map(|(path, content)| {
            json!({
                "path": path,
                "sha256": Digest::of(content).to_string(),
                "size": content.len(),
            })
        });
        let mut manifest: serde_json::Value =
            serde_json::from_slice(&self.honest[MANIFEST]).unwrap();
        manifest["files"] = listed.collect();
        change(&mut manifest);
        self.signed(files, manifest.to_string().into_bytes())
    }

    /// These files with this manifest, signed by the holders.
    pub fn signed(&self, mut files: Files, manifest: Vec<u8>) -> Files {
        let message = signed_bytes(statement::MANIFEST, &manifest);
        let honest: serde_json::Value = serde_json::from_slice(&self.honest[SIGNATURES]).unwrap();
        let mut signatures = honest.clone();
        let closings = honest["signatures"].as_array().unwrap().iter();
        signatures["signatures"] = closings
            .take(self.closers)
            .map(|closing| {
                let keyid = closing["keyid"].as_str().unwrap();
                let spki = self.spki_of(keyid);
                let signature = self.holders.sign(&spki, &message);
                json!({"keyid": keyid, "sig": STANDARD.encode(signature)})
            })
            .collect();
        files.insert(AFTER_THE_SEAL.to_owned(), Vec::new());
        files.insert(MANIFEST.to_owned(), manifest);
        files.insert(SIGNATURES.to_owned(), signatures.to_string().into_bytes());
        files
    }

    /// The key with this id in the honest root.
    fn spki_of(&self, keyid: &str) -> Vec<u8> {
        let root = &self.honest["repositories/tuf-root/metadata/root.json"];
        let root = tuf::Document::parse(root, root.len()).unwrap();
        let root = tuf::Root::read(&root).unwrap();
        let mut keys = root.keys.iter();
        let (_, entry) = keys.find(|(id, _)| id.as_str() == keyid).unwrap();
        entry.public.as_ref().unwrap().spki_der()
    }

    /// The event with what devices signed in it signed again, at this point of the transcript.
    fn signed_again(&mut self, event: Event, state: &State, chain: &Chain) -> Event {
        let stale = self.stale;
        match event {
            Event::Enrolled {
                holder,
                serial,
                statement,
                formerly,
            } if stale != Some(holder.as_str()) => {
                let found = state.seat(&holder).and_then(|seat| {
                    let mut made: Vec<&Enrolment> =
                        seat.enrolment.iter().chain(&seat.spares).collect();
                    made.retain(|enrolment| enrolment.serial == serial);
                    Some((seat, made.pop()?.clone()))
                });
                let statement = match (found, &state.opening) {
                    (Some((seat, enrolment)), Some(opening)) => {
                        let payload = statement::enrolment(
                            opening,
                            &chain.head(),
                            &seat.handle,
                            state.formerly_at_table(),
                            &enrolment,
                        );
                        let message = signed_bytes(statement::ENROLMENT, &payload);
                        let signature = self.holders.sign(&enrolment.spki, &message);
                        let keyid = self.keyid_of(&statement);
                        self.keep(envelope(statement::ENROLMENT, payload, &keyid, signature))
                    }
                    _ => statement,
                };
                Event::Enrolled {
                    holder,
                    serial,
                    statement,
                    formerly,
                }
            }
            Event::Signed {
                holder,
                serial,
                document,
                signed,
                keyid,
                signature,
            } => {
                let proposal = state.documents.values().find(|p| p.signed == signed);
                let spki = state
                    .seat(&holder)
                    .and_then(|seat| seat.proven().find(|e| e.serial == serial))
                    .map(|enrolment| enrolment.spki.clone());
                let bytes = proposal.and_then(|proposal| self.object(&proposal.file));
                let signature = match (bytes, spki) {
                    (Some(bytes), Some(spki)) => {
                        let parsed = tuf::Document::parse(&bytes, bytes.len()).unwrap();
                        let message = match self.wrong == Some(holder.as_str()) {
                            true => b"something else",
                            false => parsed.signed_bytes(),
                        };
                        self.holders.sign(&spki, message)
                    }
                    _ => signature,
                };
                Event::Signed {
                    holder,
                    serial,
                    document,
                    signed,
                    keyid,
                    signature,
                }
            }
            event => event,
        }
    }

    /// The id that a statement gives its key.
    fn keyid_of(&self, statement: &Digest) -> String {
        let bytes = self.object(statement).unwrap();
        let envelope: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        envelope["signatures"][0]["keyid"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}
