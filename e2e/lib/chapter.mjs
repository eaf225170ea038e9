// A long test told in chapters, so that a failure says in which.

/** Runs one named part of a test. */
export async function chapter(name, part) {
  try {
    return await part();
  } catch (error) {
    error.message = `in “${name}”: ${error.message}`;
    throw error;
  }
}
