/// Words for people: what several rooms need to make a message helpful. A leaf; any thread.
package io.arc.runtime.text;
