"""The three CRDs as typed models: wire to model and back; pydantic lives only here."""
