//! The built program, tested from outside.

#[path = "program/api.rs"]
mod api;
#[path = "program/archives.rs"]
mod archives;
#[path = "program/backups.rs"]
mod backups;
#[path = "program/cli.rs"]
mod cli;
#[path = "program/clients.rs"]
mod clients;
#[path = "program/common.rs"]
mod common;
#[path = "program/crash.rs"]
mod crash;
#[path = "program/import_cut.rs"]
mod import_cut;
#[path = "program/moves.rs"]
mod moves;
#[path = "program/payers.rs"]
mod payers;
#[path = "program/refund_race.rs"]
mod refund_race;
#[path = "program/stop.rs"]
mod stop;
#[path = "program/two_servers.rs"]
mod two_servers;
#[path = "program/upload_cut.rs"]
mod upload_cut;
#[path = "program/watch.rs"]
mod watch;
