/// Times that come again and again, as configuration says them and as background work keeps them. Knows no other room.
package io.arc.runtime.schedule;
