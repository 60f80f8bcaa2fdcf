"""OCPP: `dialect` is the way in; `rpc` carries the messages."""
