# frozen_string_literal: true

module FiberLink
  # Words of others, as one short line: neither markup nor control or direction marks survive as
  # more than text, since whoever shows them escapes them.
  module PlainText
    INVISIBLE = /[[:cntrl:]\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/

    def self.line(value, limit)
      return unless value.is_a?(String)
      text = value.dup.force_encoding(Encoding::UTF_8).scrub(" ")
      text.gsub(INVISIBLE, " ").squish.truncate(limit, omission: "…")
    end
  end
end
