/// HTTP, and nothing else: the only room with Helidon and Jakarta types. It knows services and is known by nobody but the
/// server that starts it.
///
/// Requests run on Helidon's virtual threads. Each passes [io.arc.runtime.http.Gate]; hot routes (writes, queries, health) are
/// found by one handler, [io.arc.runtime.http.Dispatcher]; administration is JAX-RS behind it.
/// [io.arc.runtime.http.AccessRules] is the one place that says who may call what, for both;
/// [io.arc.runtime.http.Failures] and [io.arc.runtime.http.ErrorResponses] turn failures into answers.
///
/// What Helidon 4.4 does not do and this room does: HEAD without a body, any `Content-Encoding`, time limits on bodies, closing
/// over unread bodies without losing the answer, broken connections for answers that fail half way, seeing a client leave while
/// its query computes.
package io.arc.runtime.http;
