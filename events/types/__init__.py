"""Event types: frozen dataclasses in the past tense, grouped by what they tell of. Pure data, no behaviour.

Every type carries its wire name and schema version as class variables. Identifiers are UUIDs minted by the service;
a person is always a pseudonym; free text is always `Sealed`. Instants and actors belong to the envelope
(`events.envelope`), not to the event.
"""
