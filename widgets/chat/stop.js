// @ts-check
/**
 * Stop: hang up on the model, whatever the kernel's cells do.
 *
 * Law: said on a comm of its own, on which no cell ever sends, and on the kernel's control
 * channel where the front end gives it: ipykernel 6 hears nothing else while a cell runs.
 */

const STOP_AGAIN_MS = 200;
const STOP_TIMES = 15;
const PATIENT = STOP_TIMES - 5;
// The kind of message on the control channel; the kernel's half knows it by this.
const KIND = "mojentic_nb_stop";
const STOPPING = "Stopping …";
const NOT_HEARD = "Stopping: the kernel hears of it when the running cell ends.";

/**
 * @param {any} model
 * @param {{
 *   after: (ms: number, act: () => void) => void,
 *   tell: (text: string) => void,
 *   now: () => string,
 * }} how `now` gives the key of the turn on its way, or nothing
 */
export function stopper(model, { after, tell, now }) {
  // Until the comm is there, or where a front end gives none.
  let control = model;
  let heard = "";

  /** Lab may drop what is said early (see widgets/consent): again, for as long as nothing stops. */
  function stop(times = STOP_TIMES, key = now()) {
    if (key === "" || key !== now() || times === 0) return;

    tell(times > PATIENT || heard === key ? STOPPING : NOT_HEARD);
    control.send({ type: "stop", key });
    if (times === STOP_TIMES) hurry(key);
    after(STOP_AGAIN_MS, () => stop(times - 1, key));
  }

  /** @param {string} key */
  function hurry(key) {
    const kernel = model.widget_manager?.kernel;
    if (typeof kernel?.sendControlMessage !== "function") return;

    const date = new Date().toISOString();
    const { clientId: session, username } = kernel;
    const header = { msg_id: `${KIND}-${key}-${date}`, msg_type: KIND, session, username, version: "5.3", date };
    const content = { key, control: model.get("control") };
    kernel.sendControlMessage({ channel: "control", header, parent_header: {}, metadata: {}, content, buffers: [] });
  }

  model.widget_manager?.get_model(model.get("control")).then((/** @type {any} */ one) => (control = one), () => {});
  return {
    stop: () => stop(),
    /** The kernel has heard it. */
    stopping() {
      heard = now();
      tell(STOPPING);
    },
  };
}
