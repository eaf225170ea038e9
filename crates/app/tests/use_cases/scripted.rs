//! A clearinghouse that does what the test says.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};

use almoner_gateways::clearinghouse::{
    Answer, Clearinghouse, ClearinghouseError, Delivery, Partners, Question, Reply,
};
use tokio::sync::Notify;

use crate::answers::{Insured, envelope, transaction};

/// What it does with a question.
pub(crate) enum Script {
    /// Takes it and answers later.
    Later,
    /// Answers with this text, in which `{trace}` is the question's reference.
    Answer(Vec<u8>),
    /// Does not carry it.
    Fail(ClearinghouseError),
    /// Never comes back.
    Hang,
}

#[derive(Default)]
struct State {
    scripts: VecDeque<Script>,
    asked: Vec<(String, String)>,
    deliveries: Vec<Delivery>,
    taken: Vec<String>,
}

/// The clearinghouse. Without a script it takes every question and answers later.
#[derive(Default)]
pub(crate) struct Scripted {
    state: Mutex<State>,
    /// Told whenever a question comes.
    pub(crate) came: Notify,
    is_deaf: Mutex<bool>,
}

impl Scripted {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the script")
    }

    /// What it does with the next question that has no script yet.
    pub(crate) fn then(&self, script: Script) {
        self.state().scripts.push_back(script);
    }

    /// The questions that came, each with its reference.
    pub(crate) fn asked(&self) -> Vec<(String, String)> {
        self.state().asked.clone()
    }

    /// Holds something for the clinic.
    pub(crate) fn deliver(&self, name: &str, content: Vec<u8>) {
        self.state().deliveries.push(Delivery { name: name.to_owned(), content });
    }

    /// What was taken away.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.state().taken.clone()
    }

    /// From now on it does not hear that something is taken away.
    pub(crate) fn deafen(&self) {
        *self.is_deaf.lock().expect("as above") = true;
    }
}

impl Clearinghouse for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn is_test(&self) -> bool {
        true
    }

    fn partners(&self) -> Partners {
        let [sender_qualifier, receiver_qualifier] = ["ZZ", "ZZ"].map(str::to_owned);
        let [sender_id, receiver_id] = ["SAMPLECLINIC", "SAMPLEHOUSE"].map(str::to_owned);
        Partners { sender_qualifier, sender_id, receiver_qualifier, receiver_id }
    }

    fn ask<'a>(&'a self, question: Question<'a>) -> Answer<'a, Reply> {
        let script = {
            let mut state = self.state();
            state.asked.push((question.reference.to_owned(), question.text.to_owned()));
            state.scripts.pop_front().unwrap_or(Script::Later)
        };
        self.came.notify_one();
        Box::pin(async move {
            match script {
                Script::Later => Ok(Reply::Later),
                Script::Answer(text) => Ok(Reply::Answered(with_trace(&text, question.reference))),
                Script::Fail(error) => Err(error),
                Script::Hang => std::future::pending().await,
            }
        })
    }

    fn waiting(&self, limit: usize) -> Answer<'_, Vec<Delivery>> {
        let waiting = self.state().deliveries.iter().take(limit).cloned().collect();
        Box::pin(async { Ok(waiting) })
    }

    fn taken<'a>(&'a self, name: &'a str) -> Answer<'a, ()> {
        if *self.is_deaf.lock().expect("as above") {
            let error = ClearinghouseError::NoAnswer("it hears nothing".to_owned());
            return Box::pin(async { Err(error) });
        }
        let mut state = self.state();
        state.deliveries.retain(|delivery| delivery.name != name);
        state.taken.push(name.to_owned());
        Box::pin(async { Ok(()) })
    }
}

/// A text with the reference of the question that it answers.
pub(crate) fn with_trace(text: &[u8], trace: &str) -> Vec<u8> {
    match std::str::from_utf8(text) {
        Ok(text) => text.replace("{trace}", trace).into_bytes(),
        Err(_) => text.to_vec(),
    }
}

/// An answer about somebody that returns the question's reference.
pub(crate) fn about(insured: Insured<'_>, control: &str, rows: &[&str]) -> Vec<u8> {
    let body = transaction(control, insured, rows);
    let ours = body.replace(&format!("TRACE-{control}"), "{trace}");
    envelope(1, &[ours])
}

/// A rejection at the payer's level, which names nobody.
pub(crate) fn payer_rejects(control: &str, reason: &str, advice: &str) -> Vec<u8> {
    let body = [
        &format!("ST*271*{control}*005010X279A1"),
        &format!("BHT*0022*11*{{trace}}*20260309*09{control:.2}"),
        "HL*1**20*1",
        "NM1*PR*2*SAMPLE HEALTH PLAN*****PI*00042",
        &format!("AAA*Y**{reason}*{advice}"),
        &format!("SE*6*{control}"),
    ];
    envelope(1, &[body.join("~\n") + "~\n"])
}
