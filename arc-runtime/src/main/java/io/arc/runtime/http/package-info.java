/// HTTP, and nothing else: the only room with Helidon and Jakarta types. It knows services and is known by nobody but the
/// server that starts it.
///
/// Requests run on Helidon's virtual threads. Hot routes (writes, queries) are dispatched by one handler on the routing;
/// administration is JAX-RS. [io.arc.runtime.http.AccessRules] is the one place that says who may call what, for both;
/// [io.arc.runtime.http.ErrorResponses] the one place that turns a failure into an answer.
package io.arc.runtime.http;
