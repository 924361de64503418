//! A holder's turn apart: the statement over it, and the file that goes back.

use super::{Driver, Stop, operator::Allows};
use crate::{host::whole, store::turn};
use keymoot_core::HostError;
use keymoot_record::{
    apart::Answer,
    ceremony::{enrolment::Enrolment, script::Document, statement},
    rules::roster::Handle,
    transcript::Event,
};
use keymoot_tuf::KeyId;

impl Driver<'_, '_> {
    /// Has the holder's device sign the statement over the branch.
    pub(super) fn sign_answer(&mut self, holder: &Handle, serial: u32) -> Result<(), Stop> {
        let seat = self.state.seat(holder);
        let mut proven = seat.into_iter().flat_map(|seat| seat.proven());
        let Some(key) = proven.find(|key| key.serial == serial).cloned() else {
            return Ok(());
        };
        drop(proven);
        let announce = Event::AnswerAnnounced {
            holder: holder.clone(),
            serial,
        };
        let Some(request) = self.state.apart.as_ref().map(|apart| apart.request) else {
            return Ok(());
        };
        let allows = Allows {
            what: "the statement over your answer; it is the last touch".to_owned(),
            of: "the request that you answer".to_owned(),
            digest: request,
        };
        let mut payload = Vec::new();
        let signature = self.device_signature(holder, serial, announce, &allows, |driver| {
            payload = driver.answer_payload(&key);
            statement::signed_bytes(statement::ANSWER, &payload)
        })?;
        let keyid = self.key_id(holder, serial, Document::Root).ok();
        let keyid = keyid.as_ref().map_or("", KeyId::as_str);
        let signed = statement::envelope(statement::ANSWER, payload, keyid, signature);
        let statement = self.world.folder.keep(&signed)?;
        self.record(Event::AnswerSigned {
            holder: holder.clone(),
            serial,
            statement,
        })
    }

    fn answer_payload(&self, key: &Enrolment) -> Vec<u8> {
        let branch = self.world.journal.chain().head();
        let opening = self.state.opening.as_ref();
        let both = opening.zip(self.state.apart.as_ref());
        both.map(|(opening, apart)| statement::answer(opening, apart, &branch, key))
            .unwrap_or_default()
    }

    /// Writes the answer to its file, and returns it. The very same file is left alone.
    ///
    /// # Errors
    /// [`HostError`] when something else is there, or it cannot be written.
    pub(super) fn write_answer(&self) -> Result<Vec<u8>, HostError> {
        let unfit =
            |why: String| HostError::new(format!("the answer cannot be written: {why}"), "resume");
        let answer =
            Answer::of(self.world.journal.chain(), &|digest| self.object(digest)).map_err(unfit)?;
        let bytes = answer.bytes().map_err(unfit)?;
        let next = turn::elsewhere(self.world.folder.path());
        whole::publish_once(&self.world.out, &bytes, &next)?;
        Ok(bytes)
    }
}
