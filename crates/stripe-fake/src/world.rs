//! Everything that the fake knows: objects as Stripe writes them, and what the payer carries.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Map, Value, json};

use crate::refunds::RefundPlan;

/// The objects of one account.
pub(crate) struct World {
    /// Now, in seconds.
    pub(crate) now: i64,
    /// How the next refunds go.
    pub(crate) refund_plans: VecDeque<RefundPlan>,
    /// The card that paid each payment.
    pub(crate) cards: BTreeMap<String, String>,
    /// The payout that each booking went into.
    pub(crate) paid_out: BTreeMap<String, String>,
    /// Events whose webhooks were not taken yet.
    pub(crate) outbox: Vec<String>,
    /// The request that is being answered, for its events.
    pub(crate) request: Option<(String, Option<String>)>,
    count: u64,
    objects: BTreeMap<String, Value>,
    order: BTreeMap<String, Vec<String>>,
}

impl World {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            now,
            refund_plans: VecDeque::new(),
            cards: BTreeMap::new(),
            paid_out: BTreeMap::new(),
            outbox: Vec::new(),
            request: None,
            count: 0,
            objects: BTreeMap::new(),
            order: BTreeMap::new(),
        }
    }

    /// A new id, such as `re_fake00000007`.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}_fake{:08}", self.count)
    }

    /// Adds an object, which has its id and kind within.
    pub(crate) fn add(&mut self, object: Value) -> String {
        let id = text_of(&object, "id");
        self.order.entry(text_of(&object, "object")).or_default().push(id.clone());
        self.objects.insert(id.clone(), object);
        id
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Value> {
        self.objects.get(id)
    }

    /// The object of that id, if it is of that kind.
    pub(crate) fn of_kind(&self, kind: &str, id: &str) -> Option<&Value> {
        self.get(id).filter(|object| object["object"] == *kind)
    }

    /// All objects of a kind, oldest first.
    pub(crate) fn all(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Value> {
        self.order.get(kind).into_iter().flatten().map(|id| &self.objects[id])
    }

    pub(crate) fn text(&self, id: &str, field: &str) -> String {
        self.get(id).map(|object| text_of(object, field)).unwrap_or_default()
    }

    pub(crate) fn int(&self, id: &str, field: &str) -> i64 {
        self.get(id).and_then(|object| object[field].as_i64()).unwrap_or_default()
    }

    /// Writes a field of an object.
    pub(crate) fn set(&mut self, id: &str, field: &str, value: impl Into<Value>) {
        let object = self.objects.get_mut(id).expect("there is an object of that id");
        object[field] = value.into();
    }

    /// Says that something happened to an object, as it is now.
    pub(crate) fn event(&mut self, kind: &str, id: &str) {
        let object = self.objects[id].clone();
        let event = self.id("evt");
        let (request, key) = self.request.clone().unzip();
        self.add(json!({
            "id": event,
            "object": "event",
            "api_version": crate::VERSION,
            "created": self.now,
            "data": { "object": object },
            "livemode": false,
            "pending_webhooks": 1,
            "request": { "id": request, "idempotency_key": key.flatten() },
            "type": kind,
        }));
        self.outbox.push(event);
    }
}

/// A field that is text, or nothing.
pub(crate) fn text_of(object: &Value, field: &str) -> String {
    object[field].as_str().unwrap_or_default().to_owned()
}

/// `{"a": null, …}` for fields that this fake leaves empty.
pub(crate) fn with_nulls(mut object: Value, fields: &[&str]) -> Value {
    if let Some(object) = object.as_object_mut() {
        let missing = fields.iter().map(|&field| (field.to_owned(), Value::Null));
        object.extend(missing.collect::<Map<String, Value>>());
    }
    object
}

/// The fields that are listed, from a form's `metadata[…]`.
pub(crate) fn metadata(fields: &[(&str, &str)]) -> Value {
    let pairs = fields.iter().map(|&(key, value)| (key.to_owned(), json!(value)));
    Value::Object(pairs.collect())
}
