/**
 * C++ of a second, tiny addon with `mute()` and `unmute()` for the process's stderr. TensorFlow's libraries log two lines
 * while the system loads them, before any setting of theirs can be made; `TF_CPP_MIN_LOG_LEVEL` does not reach those.
 * Errors of loading are exceptions and are not lost; a user who sets that variable sees everything.
 */
export const quietSource = `
#include <cstdio>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

static int kept = -1;

static napi_value mute(napi_env, napi_callback_info) {
  fflush(stderr);
  kept = dup(2);
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (kept >= 0 && nowhere >= 0) dup2(nowhere, 2);
  if (nowhere >= 0) close(nowhere);
  return nullptr;
}

static napi_value unmute(napi_env, napi_callback_info) {
  fflush(stderr);
  if (kept >= 0) {
    dup2(kept, 2);
    close(kept);
  }
  kept = -1;
  return nullptr;
}

static napi_value init(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "mute", NAPI_AUTO_LENGTH, mute, nullptr, &function);
  napi_set_named_property(env, exports, "mute", function);
  napi_create_function(env, "unmute", NAPI_AUTO_LENGTH, unmute, nullptr, &function);
  napi_set_named_property(env, exports, "unmute", function);
  return exports;
}

NAPI_MODULE(quiet, init)
`;
