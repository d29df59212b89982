CREATE TABLE notes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  text text NOT NULL CHECK (text <> ''),
  written_by text NOT NULL,
  written_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN notes.written_by IS 'The version of the app that wrote it.';
