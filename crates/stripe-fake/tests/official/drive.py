"""Stripe's official Python client against the fake, at the address that the environment names."""

import json
import os
import unittest
import urllib.parse
import urllib.request

import shapes
import stripe

URL = os.environ["STRIPE_FAKE_URL"]
KEY = os.environ["STRIPE_FAKE_KEY"]
SECRET = os.environ["STRIPE_FAKE_SECRET"]


def connect(key=KEY, retries=0):
    """The official client, with its base address at the fake."""
    addresses = {"api": URL, "connect": URL, "files": URL, "meter_events": URL}
    return stripe.StripeClient(key, base_addresses=addresses, max_network_retries=retries)


CLIENT = connect()
V1 = CLIENT.v1


def fake(verb, **fields):
    """Does what the payer, the bank or time does."""
    body = urllib.parse.urlencode(fields).encode()
    with urllib.request.urlopen(f"{URL}/_fake/{verb}", body, timeout=10) as answer:
        return json.load(answer)


def now():
    """The fake's time."""
    return fake("advance", seconds=0)["now"]


def order(reference, amount=12345, **changes):
    """The parameters of a session, as our gateway sends them."""
    return {
        "mode": "payment",
        "allowed_payment_method_types": ["card"],
        "client_reference_id": reference,
        "metadata": {"reference": reference},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": "usd",
                    "unit_amount": amount,
                    "product_data": {"name": "Sample Clinic"},
                },
            }
        ],
        "payment_intent_data": {
            "capture_method": "automatic",
            "metadata": {"reference": reference},
            "statement_descriptor_suffix": "SAMPLE",
        },
        "adaptive_pricing": {"enabled": False},
        "success_url": "https://clinic.example/pay/back",
        "cancel_url": "https://clinic.example/pay/back",
        **changes,
    }


def held(reference):
    """The same, with the money only held."""
    data = {"capture_method": "manual", "metadata": {"reference": reference}}
    return order(reference, payment_intent_data=data)


def open_session(reference, **changes):
    return V1.checkout.sessions.create(order(reference, **changes))


def paid(reference, card="4242424242424242"):
    """A session that was paid, with everything about it expanded."""
    session = open_session(reference)
    fake("pay", session=session.id, card=card)
    expand = ["payment_intent.latest_charge.balance_transaction"]
    return V1.checkout.sessions.retrieve(session.id, {"expand": expand})


class Sessions(unittest.TestCase):
    def test_a_session_is_opened_and_found(self):
        session = open_session("s-1")
        self.assertEqual(session.status, "open")
        self.assertEqual(session.amount_total, 12345)
        self.assertEqual(session.client_reference_id, "s-1")
        self.assertIsNone(session.payment_intent)
        self.assertTrue(session.url.startswith("http"))
        self.assertEqual(V1.checkout.sessions.retrieve(session.id).id, session.id)

    def test_the_payment_is_expanded_down_to_the_fee(self):
        session = paid("s-2")
        charge = session.payment_intent.latest_charge
        self.assertEqual(session.payment_status, "paid")
        self.assertEqual(session.payment_intent.amount_received, 12345)
        self.assertEqual(charge.balance_transaction.fee, 388)
        self.assertEqual(charge.balance_transaction.net, 12345 - 388)
        self.assertEqual(session.payment_intent.metadata["reference"], "s-2")

    def test_a_decline_leaves_the_page_open(self):
        session = open_session("s-3")
        fake("pay", session=session.id, card="4000000000009995")
        session = V1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
        self.assertEqual(session.status, "open")
        self.assertEqual(session.payment_intent.status, "requires_payment_method")
        error = session.payment_intent.last_payment_error
        self.assertEqual(error.decline_code, "insufficient_funds")
        self.assertEqual(fake("pay", session=session.id, card="4242424242424242").keys(), {"done"})

    def test_authentication_comes_before_the_money(self):
        session = open_session("s-4")
        answer = fake("pay", session=session.id, card="4000000000003220")
        self.assertTrue(answer["must_authenticate"])
        fake("authenticate", session=session.id, succeeds="false")
        self.assertEqual(V1.checkout.sessions.retrieve(session.id).status, "open")
        fake("pay", session=session.id, card="4000000000003220")
        fake("authenticate", session=session.id, succeeds="true")
        self.assertEqual(V1.checkout.sessions.retrieve(session.id).payment_status, "paid")

    def test_a_slow_payment_is_complete_and_unpaid(self):
        for succeeds, status in (("true", "succeeded"), ("false", "requires_payment_method")):
            session = open_session(f"s-5-{succeeds}")
            fake("pay", session=session.id, card="000123456789")
            session = V1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
            self.assertEqual((session.status, session.payment_status), ("complete", "unpaid"))
            self.assertEqual(session.payment_intent.status, "processing")
            fake("settle_payment", session=session.id, succeeds=succeeds)
            intent = V1.payment_intents.retrieve(session.payment_intent.id)
            self.assertEqual(intent.status, status)

    def test_only_an_open_session_is_expired(self):
        session = open_session("s-6")
        self.assertEqual(V1.checkout.sessions.expire(session.id).status, "expired")
        for id in (session.id, paid("s-7").id):
            with self.assertRaises(stripe.InvalidRequestError) as caught:
                V1.checkout.sessions.expire(id)
            self.assertIn("can be expired", str(caught.exception))

    def test_a_session_ends_by_itself(self):
        session = open_session("s-8", expires_at=now() + 1800)
        fake("advance", seconds=1799)
        self.assertEqual(V1.checkout.sessions.retrieve(session.id).status, "open")
        fake("advance", seconds=1)
        self.assertEqual(V1.checkout.sessions.retrieve(session.id).status, "expired")

    def test_a_life_beyond_half_an_hour_to_a_day_is_refused(self):
        for life in (1799, 86401):
            with self.assertRaises(stripe.InvalidRequestError) as caught:
                open_session("s-9", expires_at=now() + life)
            self.assertEqual(caught.exception.param, "expires_at")

    def test_amounts_beyond_the_limits_are_refused(self):
        for amount, code in ((49, "amount_too_small"), (100_000_000, "amount_too_large")):
            with self.assertRaises(stripe.InvalidRequestError) as caught:
                open_session("s-10", amount=amount)
            self.assertEqual(caught.exception.code, code)

    def test_long_references_and_bad_suffixes_are_refused(self):
        with self.assertRaises(stripe.InvalidRequestError):
            open_session("r" * 201)
        with self.assertRaises(stripe.InvalidRequestError):
            data = {"statement_descriptor_suffix": "O'BRIEN"}
            open_session("s-11", payment_intent_data=data)
        with self.assertRaises(stripe.InvalidRequestError):
            open_session("s-12", metadata={"k" * 41: "v"})


class Parameters(unittest.TestCase):
    def refused(self, **changes):
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            open_session("p-1", **changes)
        return caught.exception

    def test_what_the_types_do_not_know_is_refused(self):
        error = self.refused(patient_name="SAMPLE")
        self.assertEqual((error.code, error.param), ("parameter_unknown", "patient_name"))

    def test_what_does_not_fit_is_refused(self):
        self.assertEqual(self.refused(expires_at="soon").code, "parameter_invalid_integer")
        self.assertEqual(self.refused(mode="gift").param, "mode")
        self.assertEqual(self.refused(success_url="").code, "parameter_invalid_empty")

    def test_what_is_missing_is_named(self):
        items = [{"price_data": {"unit_amount": 100, "product_data": {"name": "x"}}}]
        error = self.refused(line_items=items)
        self.assertEqual(error.code, "parameter_missing")
        self.assertEqual(error.param, "line_items[0][price_data][currency]")

    def test_what_is_not_played_is_refused_rather_than_left_out(self):
        self.assertEqual(self.refused(locale="de").code, "fake_does_not_play")

    def test_unknown_expansions_are_refused(self):
        session = open_session("p-2")
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            V1.checkout.sessions.retrieve(session.id, {"expand": ["patient"]})
        self.assertIn("cannot be expanded", str(caught.exception))
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            V1.checkout.sessions.retrieve(session.id, {"expand": ["a.b.c.d.e"]})
        self.assertIn("4 levels", str(caught.exception))

    def test_what_does_not_exist_is_not_found(self):
        for find in (
            V1.checkout.sessions.retrieve,
            V1.payment_intents.retrieve,
            V1.refunds.retrieve,
            V1.charges.retrieve,
            V1.payouts.retrieve,
            V1.disputes.retrieve,
            V1.events.retrieve,
            V1.balance_transactions.retrieve,
        ):
            with self.assertRaises(stripe.InvalidRequestError) as caught:
                find("none_such")
            self.assertEqual(caught.exception.code, "resource_missing")
            self.assertEqual(caught.exception.http_status, 404)


class Held(unittest.TestCase):
    def held(self, reference):
        session = V1.checkout.sessions.create(held(reference))
        fake("pay", session=session.id, card="4242424242424242")
        return V1.checkout.sessions.retrieve(session.id).payment_intent

    def test_held_money_is_taken(self):
        intent = self.held("h-1")
        before = V1.payment_intents.retrieve(intent, {"expand": ["latest_charge"]})
        self.assertEqual(before.status, "requires_capture")
        self.assertEqual(before.amount_capturable, 12345)
        self.assertFalse(before.latest_charge.captured)
        self.assertIsNone(before.latest_charge.balance_transaction)
        self.assertEqual(V1.payment_intents.capture(intent).status, "succeeded")

    def test_held_money_is_let_go_once(self):
        intent = self.held("h-2")
        self.assertEqual(V1.payment_intents.cancel(intent).status, "canceled")
        for change in (V1.payment_intents.cancel, V1.payment_intents.capture):
            with self.assertRaises(stripe.InvalidRequestError) as caught:
                change(intent)
            self.assertEqual(caught.exception.code, "payment_intent_unexpected_state")

    def test_held_money_is_let_go_by_itself_after_a_week(self):
        intent = self.held("h-3")
        fake("advance", seconds=7 * 86400)
        after = V1.payment_intents.retrieve(intent)
        self.assertEqual((after.status, after.cancellation_reason), ("canceled", "automatic"))


class Refunds(unittest.TestCase):
    def refund(self, session, **changes):
        return V1.refunds.create({"payment_intent": session.payment_intent.id, **changes})

    def test_parts_make_the_whole_and_no_more(self):
        session = paid("r-1")
        self.assertEqual(self.refund(session, amount=12000).status, "succeeded")
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.refund(session, amount=346)
        self.assertEqual(caught.exception.param, "amount")
        self.assertIn("greater than unrefunded amount", str(caught.exception))
        self.assertEqual(self.refund(session).amount, 345)
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.refund(session, amount=1)
        self.assertEqual(caught.exception.code, "charge_already_refunded")
        charge = V1.charges.retrieve(session.payment_intent.latest_charge.id)
        self.assertTrue(charge.refunded)

    def test_our_reference_is_kept_and_found(self):
        session = paid("r-2")
        refund = self.refund(session, amount=5, metadata={"reference": "ref-1"})
        found = V1.refunds.list({"payment_intent": session.payment_intent.id}).data
        self.assertEqual([one.metadata["reference"] for one in found], ["ref-1"])
        self.assertEqual(found[0].id, refund.id)

    def test_reasons_are_stripes_own(self):
        session = paid("r-3")
        self.assertEqual(self.refund(session, amount=5, reason="duplicate").reason, "duplicate")
        with self.assertRaises(stripe.InvalidRequestError):
            self.refund(session, amount=5, reason="insurance_adjustment")

    def test_a_refund_is_pending_then_settled_or_failed(self):
        session = paid("r-4")
        for succeeds, status in (("true", "succeeded"), ("false", "failed")):
            fake("plan_refund", plan="pending")
            refund = self.refund(session, amount=100)
            self.assertEqual(refund.status, "pending")
            fake("settle_refund", refund=refund.id, succeeds=succeeds)
            self.assertEqual(V1.refunds.retrieve(refund.id).status, status)
        charge = V1.charges.retrieve(session.payment_intent.latest_charge.id)
        self.assertEqual(charge.amount_refunded, 100)

    def test_a_refund_fails_after_it_succeeded(self):
        refund = self.refund(paid("r-5"), amount=100)
        fake("settle_refund", refund=refund.id, succeeds="false")
        refund = V1.refunds.retrieve(refund.id, {"expand": ["failure_balance_transaction"]})
        self.assertEqual(refund.failure_reason, "expired_or_canceled_card")
        self.assertEqual(refund.failure_balance_transaction.amount, 100)

    def test_only_a_refund_that_requires_action_is_cancelled(self):
        session = paid("r-6")
        fake("plan_refund", plan="requires_action")
        waiting = self.refund(session, amount=100)
        self.assertEqual(V1.refunds.cancel(waiting.id).status, "canceled")
        with self.assertRaises(stripe.InvalidRequestError):
            V1.refunds.cancel(self.refund(session, amount=100).id)

    def test_what_was_not_taken_is_not_given_back(self):
        session = open_session("r-7")
        fake("pay", session=session.id, card="4000000000000002")
        intent = V1.checkout.sessions.retrieve(session.id).payment_intent
        with self.assertRaises(stripe.InvalidRequestError):
            V1.refunds.create({"payment_intent": intent})

    def test_a_dispute_blocks_refunds_until_it_is_won(self):
        session = paid("r-8")
        dispute = fake("dispute", charge=session.payment_intent.latest_charge.id)["id"]
        self.assertEqual(V1.disputes.retrieve(dispute).status, "needs_response")
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.refund(session, amount=100)
        self.assertEqual(caught.exception.code, "charge_disputed")
        fake("close_dispute", dispute=dispute, succeeds="true")
        self.assertEqual(self.refund(session, amount=100).status, "succeeded")


class Keys(unittest.TestCase):
    def create(self, key, amount=12345):
        return V1.checkout.sessions.create(order("k", amount), {"idempotency_key": key})

    def test_the_same_key_gives_the_same_answer(self):
        first, again = self.create("key-1"), self.create("key-1")
        self.assertEqual(first.id, again.id)
        headers = again.last_response.headers
        self.assertEqual(headers["idempotent-replayed"], "true")
        self.assertEqual(headers["original-request"], first.last_response.request_id)

    def test_a_key_is_for_one_request_only(self):
        self.create("key-2")
        with self.assertRaises(stripe.IdempotencyError) as caught:
            self.create("key-2", 500)
        self.assertEqual(caught.exception.http_status, 400)
        with self.assertRaises(stripe.IdempotencyError):
            V1.refunds.create({"payment_intent": "pi"}, {"idempotency_key": "key-2"})

    def test_a_key_is_forgotten_after_a_day(self):
        first = self.create("key-3")
        fake("advance", seconds=86399)
        self.assertEqual(self.create("key-3").id, first.id)
        fake("advance", seconds=1)
        self.assertNotEqual(self.create("key-3").id, first.id)

    def test_what_an_endpoint_refused_is_kept_and_what_came_before_is_not(self):
        session = paid("k-1")
        too_much = {"payment_intent": session.payment_intent.id, "amount": 99999}
        for _ in range(2):
            with self.assertRaises(stripe.InvalidRequestError):
                V1.refunds.create(too_much, {"idempotency_key": "key-4"})
        with self.assertRaises(stripe.IdempotencyError):
            V1.refunds.create({**too_much, "amount": 1}, {"idempotency_key": "key-4"})
        with self.assertRaises(stripe.InvalidRequestError):
            V1.refunds.create({**too_much, "patient": "x"}, {"idempotency_key": "key-5"})
        V1.refunds.create({**too_much, "amount": 1}, {"idempotency_key": "key-5"})

    def test_a_key_in_use_is_a_conflict(self):
        fake("fail_next", endpoint="POST /v1/checkout/sessions", fault="conflict")
        with self.assertRaises(stripe.APIError) as caught:
            self.create("key-6")
        self.assertEqual(caught.exception.http_status, 409)
        self.assertEqual(caught.exception.json_body["error"]["code"], "idempotency_key_in_use")

    def test_long_keys_are_refused(self):
        with self.assertRaises(stripe.InvalidRequestError):
            self.create("k" * 256)


class Faults(unittest.TestCase):
    ENDPOINT = "POST /v1/checkout/sessions"

    def fail(self, fault):
        fake("fail_next", endpoint=self.ENDPOINT, fault=fault)

    def count(self, reference):
        sessions = V1.checkout.sessions.list({"limit": 100}).auto_paging_iter()
        return sum(one.client_reference_id == reference for one in sessions)

    def test_a_wrong_key_is_an_authentication_error(self):
        with self.assertRaises(stripe.AuthenticationError):
            connect(key="sk_test_SAMPLE_wrong").v1.charges.list()

    def test_too_many_requests_are_a_rate_limit_error(self):
        self.fail("rate_limited")
        with self.assertRaises(stripe.RateLimitError):
            open_session("f-1")
        self.assertEqual(self.count("f-1"), 0)

    def test_a_fault_of_the_server_is_kept_under_the_key(self):
        self.fail("server_error_after")
        for _ in range(2):
            with self.assertRaises(stripe.APIError) as caught:
                V1.checkout.sessions.create(order("f-2"), {"idempotency_key": "key-f-2"})
            self.assertEqual(caught.exception.http_status, 500)
        self.assertEqual(self.count("f-2"), 1)

    def test_a_reset_connection_is_a_connection_error(self):
        for fault, made in (("reset_before", 0), ("reset_after", 1)):
            self.fail(fault)
            with self.assertRaises(stripe.APIConnectionError):
                open_session(f"f-3-{fault}")
            self.assertEqual(self.count(f"f-3-{fault}"), made)

    def test_the_clients_own_retry_makes_nothing_twice(self):
        client = connect(retries=2)
        for fault in ("reset_before", "reset_after", "should_retry", "conflict"):
            self.fail(fault)
            client.v1.checkout.sessions.create(order(f"f-4-{fault}"))
            self.assertEqual(self.count(f"f-4-{fault}"), 1, fault)

    def test_an_answer_that_is_not_stripes_is_an_api_error(self):
        self.fail("garbage")
        with self.assertRaises(stripe.APIError):
            open_session("f-5")


class Lists(unittest.TestCase):
    def test_pages_are_followed_to_the_end_both_ways(self):
        fake("advance", seconds=100_000)
        since = {"created": {"gte": now()}}
        made = [open_session(f"l-{n}").id for n in range(25)]
        first = V1.checkout.sessions.list({"limit": 10, **since})
        self.assertTrue(first.has_more)
        self.assertEqual([one.id for one in first.auto_paging_iter()], made[::-1])
        before = V1.checkout.sessions.list({"ending_before": made[0], "limit": 10, **since})
        self.assertEqual([one.id for one in before.auto_paging_iter()], made[1:])
        self.assertEqual(len(V1.checkout.sessions.list(since).data), 10)

    def test_limits_and_cursors_are_checked(self):
        for params in ({"limit": 0}, {"limit": 101}, {"starting_after": "cs_none"}):
            with self.assertRaises(stripe.InvalidRequestError):
                V1.checkout.sessions.list(params)

    def test_a_session_is_found_by_its_payment(self):
        session = paid("l-p")
        params = {"payment_intent": session.payment_intent.id}
        found = V1.checkout.sessions.list(params).data
        self.assertEqual([one.id for one in found], [session.id])


class Balance(unittest.TestCase):
    def test_a_payout_is_the_sum_of_what_it_is_made_of(self):
        session = paid("b-1")
        V1.refunds.create({"payment_intent": session.payment_intent.id, "amount": 1000})
        fake("advance", seconds=2 * 86400)
        payout = fake("pay_out")["id"]
        movements = list(
            V1.balance_transactions.list({"payout": payout, "limit": 10}).auto_paging_iter()
        )
        inner = [one for one in movements if one.type != "payout"]
        self.assertEqual(sum(one.net for one in inner), V1.payouts.retrieve(payout).amount)
        self.assertEqual(sum(one.net for one in movements), 0)
        self.assertTrue(all(one.net == one.amount - one.fee for one in movements))
        self.assertLessEqual({"charge", "refund"}, {one.reporting_category for one in inner})

    def test_a_lost_dispute_costs_the_amount_and_a_fee(self):
        session = paid("b-2")
        dispute = fake("dispute", charge=session.payment_intent.latest_charge.id)["id"]
        fake("close_dispute", dispute=dispute, succeeds="false")
        lost = V1.disputes.retrieve(dispute)
        self.assertEqual(lost.status, "lost")
        self.assertEqual(lost.balance_transactions[0].net, -12345 - 1500)


class Webhooks(unittest.TestCase):
    def test_every_webhook_is_believed_by_the_official_client(self):
        fake("webhooks")
        session = paid("w-1")
        V1.refunds.create({"payment_intent": session.payment_intent.id})
        webhooks = fake("webhooks")
        kinds = [webhook["type"] for webhook in webhooks]
        self.assertIn("checkout.session.completed", kinds)
        self.assertIn("refund.created", kinds)
        for webhook in webhooks:
            event = CLIENT.construct_event(webhook["body"], webhook["signature"], SECRET)
            self.assertEqual(event.type, webhook["type"])
            self.assertEqual(V1.events.retrieve(event.id).type, event.type)

    def test_a_changed_webhook_is_not(self):
        fake("webhooks")
        open_session("w-2")
        fake("pay", session=open_session("w-3").id, card="4242424242424242")
        webhook = fake("webhooks")[0]
        for body, signature, secret in (
            (webhook["body"] + " ", webhook["signature"], SECRET),
            (webhook["body"], webhook["signature"], "whsec_SAMPLE_other"),
            (webhook["body"], webhook["signature"].replace("v1=", "v0="), SECRET),
        ):
            with self.assertRaises(stripe.SignatureVerificationError):
                CLIENT.construct_event(body, signature, secret)

    def test_events_are_listed_and_kept_for_thirty_days(self):
        session = open_session("w-4", expires_at=now() + 3600)
        V1.checkout.sessions.expire(session.id)
        event = V1.events.list({"type": "checkout.session.expired"}).data[0]
        self.assertEqual(event.data.object["id"], session.id)
        fake("advance", seconds=30 * 86400)
        with self.assertRaises(stripe.InvalidRequestError):
            V1.events.retrieve(event.id)


class Shapes(unittest.TestCase):
    """Every object has the fields of the official types, and no others."""

    def test_objects_are_as_the_types_say(self):
        session = paid("o-1")
        charge = session.payment_intent.latest_charge
        V1.refunds.create({"payment_intent": session.payment_intent.id, "amount": 1})
        disputed = paid("o-2", card="4000000000000259")
        self.assertTrue(V1.disputes.list({"charge": disputed.payment_intent.latest_charge.id}).data)
        V1.checkout.sessions.create(held("o-3"))
        fake("pay", session=open_session("o-4").id, card="4000000000000002")
        fake("advance", seconds=2 * 86400)
        fake("pay_out")
        self.assertEqual(charge.status, "succeeded")
        seen = set()
        for service in (
            V1.checkout.sessions,
            V1.payment_intents,
            V1.charges,
            V1.refunds,
            V1.balance_transactions,
            V1.disputes,
            V1.payouts,
            V1.events,
        ):
            for one in service.list({"limit": 100}).auto_paging_iter():
                value = json.loads(json.dumps(one.to_dict(), default=str))
                self.assertEqual(shapes.problems(value), [], value["id"])
                seen.add(value["object"])
        self.assertEqual(seen, set(shapes.KINDS))

    def test_what_the_types_do_not_say_is_noticed(self):
        refund = V1.refunds.create({"payment_intent": paid("o-5").payment_intent.id})
        value = json.loads(refund.last_response.body)
        self.assertEqual(shapes.problems(value), [])
        self.assertTrue(shapes.problems({**value, "patient": "SAMPLE"}))
        self.assertTrue(shapes.problems({**value, "amount": "12"}))
        self.assertTrue(shapes.problems({**value, "reason": 1}))
        del value["amount"]
        self.assertTrue(shapes.problems(value))


if __name__ == "__main__":
    unittest.main()
