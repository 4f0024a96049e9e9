"""CrossGuard: rules are thin, decisions are pure, packs only wire."""
