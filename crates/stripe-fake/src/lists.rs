//! Lists, a page at a time, and the expansion of ids into objects.

use serde_json::{Value, json};

use crate::answer::ApiError;
use crate::form::Form;
use crate::world::World;

/// Items of a page unless the request says otherwise.
const PAGE_ITEMS: i64 = 10;
/// The most items of a page.
const PAGE_ITEMS_MAX: i64 = 100;
/// How deep a path of expansion goes.
const EXPAND_LEVELS_MAX: usize = 4;

/// The parameters that every list of this fake plays.
pub(crate) const PLAYS: [&str; 4] = ["limit", "starting_after", "ending_before", "created"];

/// A page of the objects of a kind that `wanted` keeps, newest first.
pub(crate) fn page(
    world: &World,
    (kind, url): (&str, &str),
    form: &Form,
    wanted: impl Fn(&Value) -> bool,
) -> Result<Value, ApiError> {
    let limit = form.int("limit").unwrap_or(PAGE_ITEMS);
    if !(1..=PAGE_ITEMS_MAX).contains(&limit) {
        let message = format!("This value must be between 1 and {PAGE_ITEMS_MAX}.");
        return Err(ApiError::invalid(None, "limit", message));
    }
    let limit = usize::try_from(limit).unwrap_or_default();
    let fits = |object: &&Value| wanted(object) && is_in_time(object, form);
    let mut all: Vec<&Value> = world.all(kind).rev().filter(fits).collect();
    let (after, before) = (form.get("starting_after"), form.get("ending_before"));
    if after.is_some() && before.is_some() {
        let message = "You can only provide one of starting_after and ending_before.".to_owned();
        return Err(ApiError::invalid(None, "", message));
    }
    if let Some(cursor) = after {
        all = all.split_off(place(world, kind, &all, cursor, "starting_after")? + 1);
    }
    let mut more = all.len() > limit;
    if let Some(cursor) = before {
        all.truncate(place(world, kind, &all, cursor, "ending_before")?);
        more = all.len() > limit;
        all = all.split_off(all.len().saturating_sub(limit));
    }
    all.truncate(limit);
    Ok(json!({ "object": "list", "data": all, "has_more": more, "url": url }))
}

fn place(
    world: &World,
    kind: &str,
    all: &[&Value],
    cursor: &str,
    param: &str,
) -> Result<usize, ApiError> {
    let missing = || ApiError::missing(kind, cursor, param);
    world.of_kind(kind, cursor).ok_or_else(missing)?;
    all.iter().position(|object| object["id"] == *cursor).ok_or_else(missing)
}

fn is_in_time(object: &Value, form: &Form) -> bool {
    let created = object["created"].as_i64().unwrap_or_default();
    let holds = |name: &str, test: fn(i64, i64) -> bool| {
        form.int(name).is_none_or(|bound| test(created, bound))
    };
    holds("created", |a, b| a == b)
        && holds("created[gt]", |a, b| a > b)
        && holds("created[gte]", |a, b| a >= b)
        && holds("created[lt]", |a, b| a < b)
        && holds("created[lte]", |a, b| a <= b)
}

/// Puts objects in the places of their ids, as the request's `expand[]` asks.
pub(crate) fn expand(world: &World, answer: &mut Value, form: &Form) -> Result<(), ApiError> {
    for (_, path) in form.below("expand") {
        let parts: Vec<&str> = path.split('.').collect();
        if parts.len() > EXPAND_LEVELS_MAX {
            let message = format!(
                "You cannot expand more than {EXPAND_LEVELS_MAX} levels of a property. \
                 Property: {path}"
            );
            return Err(ApiError::invalid(None, "expand", message));
        }
        descend(world, answer, &parts, path)?;
    }
    Ok(())
}

fn descend(world: &World, object: &mut Value, parts: &[&str], path: &str) -> Result<(), ApiError> {
    let Some((first, rest)) = parts.split_first() else {
        return Ok(());
    };
    let cannot = || {
        let message = format!("This property cannot be expanded ({path}).");
        ApiError::invalid(None, "expand", message)
    };
    if *first == "data" && object["object"] == "list" {
        let items = object.get_mut("data").and_then(Value::as_array_mut).ok_or_else(cannot)?;
        return items.iter_mut().try_for_each(|item| descend(world, item, rest, path));
    }
    let field = object.get_mut(*first).ok_or_else(cannot)?;
    if field.is_null() {
        return Ok(());
    }
    if let Some(id) = field.as_str() {
        *field = world.get(id).cloned().ok_or_else(cannot)?;
    }
    if field.is_object() { descend(world, field, rest, path) } else { Err(cannot()) }
}
