"""What each problem code means. The `type` of an error answer points to it; docs/problems.md is made from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """statuses: HTTP statuses it comes with. meaning: what went wrong, and what the caller can do about it."""

    statuses: tuple[int, ...]
    meaning: str


PROBLEMS: Mapping[str, Kind] = {
    "answer_expired": Kind(
        (409,),
        "The request with this `Idempotency-Key` was carried out, and its answer is no longer kept after 24 hours. "
        "Nothing was done again; read what it wrote. `Takehold-Position` says where it stands in the log.",
    ),
    "bad_gzip": Kind(
        (400,), "The body is not gzip, is cut off before the end of the gzip stream, or goes on after it."
    ),
    "bad_idempotency_key": Kind((400,), "The `Idempotency-Key` is not 1 to 255 visible ASCII characters."),
    "bad_json": Kind((400,), "The body is not JSON; the message names line and column."),
    "bad_parameter": Kind(
        (400,), "An xAPI request has a query parameter that is unknown, unsupported, missing or not what it should be."
    ),
    "batch_too_large": Kind(
        (400,), "A batch of Segment's clients takes at most 500 KB decompressed. Not 413, which they would try again."
    ),
    "busy": Kind(
        (503,),
        "The store did not get round to the request in time, or too many wait for events already. Nothing was stored; "
        "repeat it after `Retry-After`.",
    ),
    "changed_meanwhile": Kind(
        (412,),
        "It is no longer at the version that `If-Match` names, or the tag is weak. Read it again and decide anew.",
    ),
    "conflict": Kind((409,), "Somebody else changed the same thing at the same moment. Read it again and repeat."),
    "dates_reversed": Kind((422,), "Two days are in the wrong order; the field at fault is named."),
    "duplicate_key": Kind((400,), "A JSON object has the same key twice, so nobody can say which value was meant."),
    "empty_body": Kind((400,), "The body is empty where JSON is expected."),
    "forbidden": Kind((403,), "The key is valid, but its role or its scopes do not include the action of this route."),
    "group_too_small": Kind(
        (422,), "An average over fewer people than the workspace's minimum group, which would tell of single people."
    ),
    "idempotency_key_reused": Kind(
        (422,),
        "The `Idempotency-Key` came before with another method, path or body. A new request needs a new key; a repeat "
        "must be sent as it was.",
    ),
    "impossible": Kind((422,), "A definition that nobody could ever meet, such as 5 days of use out of 3."),
    "incomplete_body": Kind((400,), "The connection ended before the announced length of the body had arrived."),
    "integer_out_of_range": Kind((400,), "An integer does not fit into 64 bits."),
    "internal": Kind((500,), "A fault of ours. It was recorded; the answer tells nothing more on purpose."),
    "invalid": Kind((422,), "Fields are missing, unknown, or not what they should be; `errors` lists them by path."),
    "invalid_batch": Kind(
        (400,),
        "The body is not what a client of this path sends: an object, a list, or an object with a list of them. Single "
        "events that make no sense are kept in quarantine instead; see `/data-quality`.",
    ),
    "invalid_event": Kind(
        (400,),
        "The request is not a CloudEvent 1.0: `errors` names what is missing, as `ce-id` where attributes are headers. "
        "In a batch such an event is kept in quarantine instead, and the others are stored.",
    ),
    "invalid_statement": Kind(
        (400,),
        "An xAPI statement is not what the standard asks for; the field is named, after its place in the batch. "
        "Nothing of the batch was stored.",
    ),
    "key_taken": Kind((409,), "There is a change, or a role of this change, with that key already."),
    "lone_surrogate": Kind((400,), "A text holds half of a surrogate pair, which is not a character."),
    "message_too_large": Kind(
        (400,), "A message of Segment's clients takes at most 32 KB. Not 413, which they would try again."
    ),
    "method_not_allowed": Kind((405,), "The path exists for other methods only; `Allow` lists them."),
    "not_found": Kind((404,), "There is nothing at this path."),
    "not_utf8": Kind((400,), "The body is not UTF-8, or begins with a byte order mark."),
    "not_withdrawable": Kind(
        (422,), "Only what people state can be taken back, not what the service did, nor a change that others stand on."
    ),
    "nul_character": Kind((400,), "The body or the address holds a NUL character."),
    "number_not_finite": Kind((400,), "A number is NaN, infinite, or too large to be told from infinity."),
    "statement_taken": Kind(
        (409,),
        "An xAPI statement has the id of another one that is stored already. Nothing of the batch was stored; what is "
        "stored never changes.",
    ),
    "storage_full": Kind(
        (503,),
        "There is no room to store anything. Nothing was stored; repeat it after `Retry-After`. Reading still works.",
    ),
    "too_deep": Kind((400,), "The JSON is nested deeper than 32 levels."),
    "too_large": Kind(
        (413,), "The body is over 1 MiB as sent, or over 10 MiB decompressed. Send smaller batches; gzip helps."
    ),
    "too_many_statements": Kind(
        (413,), "A batch holds more xAPI statements than are taken at once. Send smaller batches."
    ),
    "unauthenticated": Kind(
        (401,), "There is no key in `Authorization: Bearer`, or it is mistyped, unknown, expired or revoked."
    ),
    "unavailable": Kind(
        (503,),
        "The store does not answer, or failed. Whether the request was carried out is not known: repeat it after "
        "`Retry-After`, with the same ids.",
    ),
    "unknown_change": Kind((404, 422), "There is no change with that key: 404 in the path, 422 in body or query."),
    "unknown_event": Kind((404,), "There is no event with that id."),
    "unknown_import": Kind(
        (404,), "Nothing was recorded by that import; or no observations, where these are retracted."
    ),
    "unknown_person": Kind(
        (404, 422),
        "Nobody was announced by that external id: 404 in the path, 422 in the body. Post people to `/people` first.",
    ),
    "unknown_reminder": Kind((404,), "There is no such reminder, or the key may not see it."),
    "unknown_role": Kind((404, 422), "The change has no role with that key: 404 in the path, 422 in body or query."),
    "unknown_source": Kind((404,), "No source of that name ever reported anything."),
    "unknown_statement": Kind((404,), "There is no xAPI statement of that id that this key may read, or it is void."),
    "unknown_workspace": Kind((404,), "The workspace does not exist."),
    "unsupported_encoding": Kind((415,), "The `Content-Encoding` is neither gzip nor identity."),
    "unsupported_media_type": Kind(
        (415,), "The body is not called `application/json` in `Content-Type`, or is a CloudEvent in another format."
    ),
    "unsupported_version": Kind(
        (400,), "`X-Experience-API-Version` is missing, or names a version of xAPI that is not spoken here."
    ),
}
"""By code, in alphabetical order. Any other error that routing finds has its HTTP status's name as code."""
