/// A first look at Arc for newcomers: samples this machine's sensors, writes them by both protocols, and asks for them in SQL. A
/// client like any other: it speaks HTTP to a server and shares no code with it.
package io.arc.demo;
