//! Saved streams of events from any bytes.

use super::bep::Bep;
use super::ci::{Ci, Service};
use super::json_read::{Reader as Lines, Said};
use super::junit::Junit;
use super::plain::Story;
use super::profile::Profile;
use super::stream::Form;
use super::style::Style;
use crate::base::Reader;
use std::path::Path;

/// Readers of this room by name, for the door to fuzzing.
pub const READERS: &[Reader] = &[("events", events)];

/// Whatever lines tell, it can be shown and converted, and nothing of it moves a terminal.
fn events(bytes: &[u8]) {
    let mut lines = Lines::new(Path::new(""));
    let mut story = Story::new(Style { verbose: true, ..Style::default() });
    let (mut bep, mut out, mut told) = (Bep::default(), Vec::new(), String::new());
    let mut last = std::time::SystemTime::UNIX_EPOCH;
    let (mut profile, mut trace) = (Profile::default(), Vec::new());
    let mut junit = Junit::default();
    let services = [Service::GithubAnnotations, Service::GithubSummary, Service::GitlabQuality];
    let mut services = services.map(|service| Ci::new(service, "sub"));
    for line in String::from_utf8_lossy(bytes).lines() {
        match lines.read(line) {
            Ok(heard) => match heard.said {
                Said::Started(started) => {
                    bep.begin(&started, heard.at, &mut out);
                    profile.begin(&started, heard.at, &mut trace);
                    junit.begin(&started, heard.at, &mut Vec::new());
                }
                Said::Event(event) => {
                    bep.take(&event, heard.at, &mut out);
                    profile.take(&event, heard.at, &mut trace);
                    junit.take(&event, heard.at, &mut Vec::new());
                    for service in &mut services {
                        service.take(&event, heard.at, &mut Vec::new());
                    }
                    last = heard.at;
                    story.take(*event, &mut told);
                }
                Said::Ended(..) | Said::Part | Said::Unknown(_) => {}
            },
            Err(wrong) => {
                assert!(wrong.text.starts_with("the line "), "{}", wrong.text);
                assert!((1..=line.len().max(1)).contains(&wrong.column), "{}", wrong.column);
            }
        }
    }
    story.end(None, &mut told);
    profile.end(0, "", last, &mut trace);
    let mut xml = Vec::new();
    junit.end(0, "", last, &mut xml);
    let mut reader = quick_xml::Reader::from_reader(&*xml);
    while !matches!(reader.read_event(), Ok(quick_xml::events::Event::Eof)) {
        assert!(reader.error_position() == 0, "{}", String::from_utf8_lossy(&xml));
    }
    for mut service in services {
        let mut text = Vec::new();
        service.end(0, "", last, &mut text);
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains(['\x1b', '\r']), "{text:?}");
        assert!(text.lines().all(|line| !line.starts_with("::") || line.starts_with("::error ")));
    }
    told.push_str(&profile.text());
    assert!(serde_json::from_slice::<serde_json::Value>(&trace).is_ok());
    assert!(!told.contains('\x1b'), "{told:?}");
    for line in out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let line: serde_json::Result<serde_json::Value> = serde_json::from_slice(line);
        assert!(line.is_ok());
    }
}
