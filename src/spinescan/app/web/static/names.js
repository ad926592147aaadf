/** File names of a job's films: kept in this window alone, the server never hears them again. */

/** @param {string} job @param {string[]} names */
export function rememberNames(job, names) {
  sessionStorage.setItem(`spinescan-names-${job}`, JSON.stringify(names));
}

/** @param {string} job @returns {string[]} */
export function namesOf(job) {
  try {
    return JSON.parse(sessionStorage.getItem(`spinescan-names-${job}`) ?? "[]");
  } catch {
    return [];
  }
}
