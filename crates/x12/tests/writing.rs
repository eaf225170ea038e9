//! Questions against golden files, and against a folder of samples when one is named.

mod shapes;

use std::fs;
use std::path::Path;

use almoner_x12::inquiry::write;
use almoner_x12::{Unreadable, read};

/// One segment on a line, as the golden files have it.
fn lines(text: &str) -> String {
    text.replace('~', "~\n")
}

#[test]
fn every_shape_is_written_as_its_golden_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/inquiries");
    let shapes = shapes::all();
    for (name, inquiry) in &shapes {
        let path = folder.join(format!("{name}.270"));
        let golden = fs::read_to_string(&path).unwrap_or_default();
        let found = lines(&write(inquiry).unwrap_or_else(|fault| panic!("{name}: {fault}")));
        assert_eq!(found, golden, "{name}");
    }
    let files = fs::read_dir(&folder).expect("the folder of golden files can be listed").count();
    assert_eq!(files, shapes.len(), "every golden file has its shape");
}

#[test]
fn our_own_reader_sees_a_question_and_no_answer() {
    for (name, inquiry) in shapes::all() {
        let text = write(&inquiry).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        match read(text.as_bytes()) {
            Err(Unreadable::Request270) => {}
            other => panic!("{name}: {other:?}"),
        }
    }
}

/// The names of the segments, each with the code that says what it is.
fn skeleton(text: &str) -> Vec<String> {
    let segments = text.split('~').map(str::trim).filter(|segment| !segment.is_empty());
    segments
        .map(|segment| {
            let mut elements = segment.split('*');
            let name = elements.next().unwrap_or_default();
            let code = match name {
                "NM1" | "TRN" | "DTP" => elements.next().unwrap_or_default(),
                "HL" => elements.nth(2).unwrap_or_default(),
                _ => "",
            };
            format!("{name}*{code}")
        })
        .collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the samples are not part of the project")]
fn the_samples_have_the_skeleton_that_ours_have() {
    let Ok(folder) = std::env::var("ALMONER_SAMPLES_271") else {
        println!("left out: ALMONER_SAMPLES_271 not set");
        return;
    };
    let shapes = shapes::all();
    let ours = |wanted: &str| {
        let (_, inquiry) = shapes.iter().find(|(name, _)| *name == wanted).expect("a shape");
        skeleton(&write(inquiry).unwrap_or_else(|fault| panic!("{wanted}: {fault}")))
    };
    for (sample, shape, only_ours) in [
        ("lfh_subscriber.270", "subscriber_dated", &[][..]),
        ("lfh_dependent.270", "spouse_dated", &["DMG*", "INS*"][..]),
    ] {
        let path = Path::new(&folder).join(sample);
        let Ok(text) = fs::read_to_string(&path) else {
            println!("left out: there is no {sample}");
            continue;
        };
        let mut ours = ours(shape);
        for segment in only_ours {
            let at = ours.iter().position(|found| found == segment).expect("ours says more");
            ours.remove(at);
        }
        assert_eq!(skeleton(&text), ours, "{sample}");
    }
}
