//! What each endpoint takes, by the types of Stripe's official client (`parameters.txt`).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::answer::ApiError;
use crate::form::{Form, named};

/// Made by `tools/parameters.py`; a test makes it again and compares.
const LIST: &str = include_str!("../parameters.txt");

/// A parameter, and those within it. A place in a list is `[]`, a key of one's own `[*]`.
#[derive(Debug, Default)]
struct Parameter {
    required: bool,
    /// What fits as its value; empty for what only has parts.
    fits: Vec<&'static str>,
    within: BTreeMap<String, Parameter>,
}

type Endpoints = BTreeMap<&'static str, Parameter>;

fn endpoints() -> &'static Endpoints {
    static ENDPOINTS: OnceLock<Endpoints> = OnceLock::new();
    ENDPOINTS.get_or_init(read)
}

fn read() -> Endpoints {
    let mut endpoints = Endpoints::new();
    let mut current = "";
    for line in LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with("GET /") || line.starts_with("POST /") {
            current = line;
            endpoints.entry(line).or_default();
            continue;
        }
        let (path, fits) = line.split_once(' ').unwrap_or((line, ""));
        let (required, path) = path.strip_prefix('!').map_or((false, path), |path| (true, path));
        let mut parameter = endpoints.entry(current).or_default();
        for part in path.split('[').map(|part| part.trim_end_matches(']')) {
            parameter = parameter.within.entry(part.to_owned()).or_default();
        }
        parameter.required = required;
        parameter.fits = fits.split('|').filter(|word| !word.is_empty()).collect();
    }
    endpoints
}

/// Refuses what the endpoint does not take, what does not fit, and what is missing; then what the
/// fake knows of but does not play, as leaving it out in silence would let a test pass wrongly.
pub(crate) fn check(endpoint: &str, plays: &[&str], form: &Form) -> Result<(), ApiError> {
    let root = endpoints().get(endpoint).expect("every route is in the list of parameters");
    for (path, value) in form.iter() {
        let pattern = fit(root, path, value)?;
        let is_played = pattern.starts_with("expand[")
            || plays.iter().any(|played| is_within(&pattern, played));
        if !is_played {
            let message = format!("The fake does not play {} at {endpoint}.", named(path));
            return Err(ApiError::invalid(Some("fake_does_not_play"), &named(path), message));
        }
    }
    let paths: Vec<&[String]> = form.iter().map(|(path, _)| path).collect();
    required(root, &[], &paths)
}

fn is_within(pattern: &str, played: &str) -> bool {
    pattern.strip_prefix(played).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

/// Follows a path through the list; gives it as the list writes it.
fn fit(root: &Parameter, path: &[String], value: &str) -> Result<String, ApiError> {
    let mut parameter = root;
    let mut pattern = String::new();
    for (depth, part) in path.iter().enumerate() {
        let (next, word) = step(parameter, part).ok_or_else(|| {
            let name = named(&path[..=depth]);
            let message = format!("Received unknown parameter: {name}");
            ApiError::invalid(Some("parameter_unknown"), &name, message)
        })?;
        if depth == 0 {
            pattern.push_str(word);
        } else {
            pattern.extend(["[", word, "]"]);
        }
        parameter = next;
    }
    if value_fits(&parameter.fits, value) {
        return Ok(pattern);
    }
    let name = named(path);
    Err(if parameter.fits.is_empty() {
        ApiError::invalid(None, &name, format!("Invalid {name}: must be an object or array"))
    } else if value.is_empty() {
        let message = format!("You passed an empty string for '{name}'.");
        ApiError::invalid(Some("parameter_invalid_empty"), &name, message)
    } else if parameter.fits.contains(&"integer") {
        let message = format!("Invalid integer: {value}");
        ApiError::invalid(Some("parameter_invalid_integer"), &name, message)
    } else {
        let message = format!("Invalid {name}: must be one of {}", parameter.fits.join(", "));
        ApiError::invalid(None, &name, message)
    })
}

fn step<'a>(parameter: &'a Parameter, part: &'a str) -> Option<(&'a Parameter, &'a str)> {
    let is_place = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let own = parameter.within.get(part).map(|next| (next, part));
    let place = || Some((parameter.within.get("").filter(|_| is_place)?, ""));
    let key = || Some((parameter.within.get("*")?, "*"));
    own.or_else(place).or_else(key)
}

fn value_fits(fits: &[&str], value: &str) -> bool {
    fits.iter().any(|fit| match *fit {
        "integer" => {
            let digits = value.strip_prefix('-').unwrap_or(value);
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            plain && value.parse::<i64>().is_ok()
        }
        "number" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => value == "true" || value == "false",
        "string" => !value.is_empty(),
        "empty" => value.is_empty(),
        word => word.strip_prefix('=') == Some(value),
    })
}

/// Whatever is there has all that it must have.
fn required(parameter: &Parameter, at: &[String], paths: &[&[String]]) -> Result<(), ApiError> {
    for (part, next) in &parameter.within {
        if part.is_empty() || part == "*" {
            continue;
        }
        let path: Vec<String> = at.iter().chain([part]).cloned().collect();
        let is_there = paths.iter().any(|other| other.starts_with(&path));
        if is_there {
            inner(next, &path, paths)?;
        } else if next.required {
            let name = named(&path);
            let message = format!("Missing required param: {name}.");
            return Err(ApiError::invalid(Some("parameter_missing"), &name, message));
        }
    }
    Ok(())
}

/// The same for an object, or for each place of a list.
fn inner(parameter: &Parameter, at: &[String], paths: &[&[String]]) -> Result<(), ApiError> {
    if paths.contains(&at) {
        return Ok(());
    }
    let Some(place) = parameter.within.get("") else {
        return required(parameter, at, paths);
    };
    let below = paths.iter().filter(|path| path.starts_with(at)).map(|path| &path[at.len()]);
    for index in below.collect::<std::collections::BTreeSet<_>>() {
        let path: Vec<String> = at.iter().chain([index]).cloned().collect();
        inner(place, &path, paths)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSIONS: &str = "POST /v1/checkout/sessions";
    const PLAYS: [&str; 4] = ["mode", "line_items[]", "metadata", "expires_at"];

    fn refused(text: &str) -> String {
        let error = check(SESSIONS, &PLAYS, &Form::decode(text).unwrap()).unwrap_err();
        format!("{} {}", error.code.unwrap_or("none"), error.param.unwrap_or_default())
    }

    #[test]
    fn what_the_official_types_do_not_know_is_refused() {
        assert_eq!(refused("patient_name=x"), "parameter_unknown patient_name");
        assert_eq!(refused("line_items[0][sku]=x"), "parameter_unknown line_items[0][sku]");
        assert_eq!(refused("line_items[a][quantity]=1"), "parameter_unknown line_items[a]");
    }

    #[test]
    fn values_that_do_not_fit_are_refused() {
        assert_eq!(refused("expires_at=soon"), "parameter_invalid_integer expires_at");
        assert_eq!(refused("expires_at="), "parameter_invalid_empty expires_at");
        assert_eq!(refused("mode=gift"), "none mode");
        assert_eq!(refused("line_items[0]=x"), "none line_items[0]");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            refused("line_items[0][price_data][unit_amount]=100"),
            "parameter_missing line_items[0][price_data][currency]"
        );
    }

    #[test]
    fn what_is_known_but_not_played_is_refused_too() {
        assert_eq!(refused("customer_email=a%40example.com"), "fake_does_not_play customer_email");
    }

    #[test]
    fn what_is_right_passes() {
        let text = "mode=payment&metadata[own]=1&line_items[0][price_data][currency]=usd\
            &line_items[0][price_data][product_data][name]=Sample&expand[]=payment_intent";
        assert!(check(SESSIONS, &PLAYS, &Form::decode(text).unwrap()).is_ok());
    }
}
