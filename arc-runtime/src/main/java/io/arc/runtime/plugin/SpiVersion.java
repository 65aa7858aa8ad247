package io.arc.runtime.plugin;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The version of the interfaces in `io.arc.api.spi`. A plugin loads when its major is ours and its minor is not above ours.
record SpiVersion(int major, int minor) {
    /// Of this server.
    static final SpiVersion CURRENT = new SpiVersion(1, 0);

    private static final Pattern FORM = Pattern.compile("([0-9]{1,4})\\.([0-9]{1,4})");

    static SpiVersion parse(String text) throws BrokenPluginException {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new BrokenPluginException("arc.spi=" + text + " is not of the form major.minor, such as " + CURRENT);
        }
        return new SpiVersion(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    void requireLoadableBy(SpiVersion server) throws BrokenPluginException {
        if (major != server.major) {
            throw new BrokenPluginException("is made for SPI " + this + " and this server has SPI " + server
                    + "; use a release of the plugin for SPI " + server.major);
        }
        if (minor > server.minor) {
            throw new BrokenPluginException("needs SPI " + this + " and this server has SPI " + server
                    + "; update the server, or use an older release of the plugin");
        }
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
