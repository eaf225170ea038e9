//! `almoner user add EMAIL --role R`, `reset EMAIL`, `disable EMAIL`

use std::io::BufRead as _;

use almoner_app::App;
use almoner_app::staff_accounts::{add_user, disable_user, reset_password};
use almoner_domain::role::Role;

use crate::Failure;
use crate::cli::UserCommand;
use crate::settings::Settings;

/// Letters of a generated password, without those that look alike.
const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// How many of them: 31^20 is about 99 bits.
const GENERATED_LETTERS: usize = 20;

/// Adds, resets or closes an account.
pub(crate) async fn run(settings: &Settings, command: UserCommand) -> Result<(), Failure> {
    let app = super::open(settings).await?;
    match command {
        UserCommand::Add { email, role, name, password_stdin, org } => {
            let role = Role::from_name(&role).ok_or_else(|| {
                let names: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
                Failure::Usage(format!("--role {role}: choose one of {}", names.join(", ")))
            })?;
            let actor = super::organization(&app, org.as_deref()).await?;
            let password = password(&app, password_stdin)?;
            let name = name.as_deref().unwrap_or(&email);
            add_user(&app, &actor, (&email, name), role, &password).await?;
            tell(&email, &password, password_stdin);
        }
        UserCommand::Reset { email, password_stdin, org } => {
            let actor = super::organization(&app, org.as_deref()).await?;
            let password = password(&app, password_stdin)?;
            reset_password(&app, &actor, &email, &password).await?;
            tell(&email, &password, password_stdin);
        }
        UserCommand::Disable { email, org } => {
            let actor = super::organization(&app, org.as_deref()).await?;
            disable_user(&app, &actor, &email).await?;
        }
    }
    app.db.close().await;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer goes to stdout")]
fn tell(email: &str, password: &str, typed: bool) {
    if typed {
        println!("{email}");
    } else {
        println!("{email}\npassword: {password}");
    }
}

fn password(app: &App, from_stdin: bool) -> Result<String, Failure> {
    if !from_stdin {
        return Ok(generated(app));
    }
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::of(&error))?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// A password of letters that are drawn evenly: bytes that would favour some are drawn again.
fn generated(app: &App) -> String {
    let even = 256 / LETTERS.len() * LETTERS.len();
    let mut password = String::with_capacity(GENERATED_LETTERS);
    while password.len() < GENERATED_LETTERS {
        let [byte] = app.random::<1>();
        if usize::from(byte) < even {
            password.push(char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
        }
    }
    password
}
