-- A key that is there already is refused here by the key itself; nothing asks for it before.
SELECT 1;
