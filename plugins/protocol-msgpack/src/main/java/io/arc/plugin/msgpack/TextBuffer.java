package io.arc.plugin.msgpack;

import java.time.Instant;
import java.util.Arrays;

/// A text in UTF-8 while it is being made, with whatever comes behind it so far. Its memory serves again, so that a value which
/// becomes text costs no objects of its own.
final class TextBuffer {
    private static final int MAX_KEPT = 1 << 16;
    private static final char[] BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".toCharArray();
    private static final long SECONDS_PER_DAY = 86_400;
    /// The days from the first of March of the year 0 to 1970-01-01, and those of 400 years.
    private static final long EPOCH_DAY = 719_468;
    private static final long DAYS_PER_ERA = 146_097;
    /// From 1970 to the end of the year 9999, where years have four digits.
    private static final long PLAIN_SECONDS = 253_402_300_800L;

    private final StringBuilder digits = new StringBuilder(32);
    private byte[] bytes = new byte[64];
    private int length;

    byte[] bytes() {
        return bytes;
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
    }

    /// Forgets the text, and memory that only a very long one needed.
    void release() {
        length = 0;
        if (bytes.length > MAX_KEPT) {
            bytes = new byte[64];
        }
    }

    /// Makes room for so many bytes more, which is all that the text will take if that is a good guess.
    void reserve(int more) {
        int needed = Math.addExact(length, more);
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, TextSet.grown(bytes.length, needed));
        }
    }

    void add(char ascii) {
        reserve(1);
        bytes[length++] = (byte) ascii;
    }

    void add(CharSequence ascii) {
        reserve(ascii.length());
        for (int i = 0; i < ascii.length(); i++) {
            bytes[length++] = (byte) ascii.charAt(i);
        }
    }

    void add(byte[] source, int from, int count) {
        reserve(count);
        System.arraycopy(source, from, bytes, length, count);
        length += count;
    }

    void addNumber(long value) {
        digits.setLength(0);
        add(digits.append(value));
    }

    void addNumber(double value) {
        digits.setLength(0);
        add(digits.append(value));
    }

    /// Text in which each byte that is no part of a UTF-8 character becomes U+FFFD.
    void addRepaired(byte[] source, int from, int count) {
        int end = from + count;
        for (int at = from; at < end;) {
            int character = Utf8.characterLength(source, at, end);
            if (character == 0) {
                reserve(3);
                bytes[length++] = (byte) 0xef;
                bytes[length++] = (byte) 0xbf;
                bytes[length++] = (byte) 0xbd;
                at++;
            } else {
                add(source, at, character);
                at += character;
            }
        }
    }

    void addBase64(byte[] source, int from, int count) {
        reserve(Math.toIntExact((count + 2L) / 3 * 4));
        for (int i = 0; i < count; i += 3) {
            int left = count - i;
            int group = (source[from + i] & 0xff) << 16 | (left > 1 ? (source[from + i + 1] & 0xff) << 8 : 0)
                    | (left > 2 ? source[from + i + 2] & 0xff : 0);
            bytes[length++] = (byte) BASE64[group >> 18];
            bytes[length++] = (byte) BASE64[group >> 12 & 63];
            bytes[length++] = (byte) (left > 1 ? BASE64[group >> 6 & 63] : '=');
            bytes[length++] = (byte) (left > 2 ? BASE64[group & 63] : '=');
        }
    }

    /// As [Instant#toString] has it.
    void addInstant(long seconds, int nanos) {
        if (seconds < 0 || seconds >= PLAIN_SECONDS) {
            add(Instant.ofEpochSecond(seconds, nanos).toString());
            return;
        }
        // Years that begin in March, so that the odd day is the last one of a year.
        long day = seconds / SECONDS_PER_DAY + EPOCH_DAY;
        long era = day / DAYS_PER_ERA;
        int dayOfEra = (int) (day % DAYS_PER_ERA);
        int yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        int dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        int month = (5 * dayOfYear + 2) / 153;
        int year = (int) (yearOfEra + era * 400) + (month >= 10 ? 1 : 0);
        int second = (int) (seconds % SECONDS_PER_DAY);
        addDigits(year, 4);
        add('-');
        addDigits(month < 10 ? month + 3 : month - 9, 2);
        add('-');
        addDigits(dayOfYear - (153 * month + 2) / 5 + 1, 2);
        add('T');
        addDigits(second / 3_600, 2);
        add(':');
        addDigits(second / 60 % 60, 2);
        add(':');
        addDigits(second % 60, 2);
        if (nanos > 0) {
            add('.');
            if (nanos % 1_000_000 == 0) {
                addDigits(nanos / 1_000_000, 3);
            } else if (nanos % 1_000 == 0) {
                addDigits(nanos / 1_000, 6);
            } else {
                addDigits(nanos, 9);
            }
        }
        add('Z');
    }

    private void addDigits(int value, int count) {
        reserve(count);
        int rest = value;
        for (int i = length + count - 1; i >= length; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        length += count;
    }
}
