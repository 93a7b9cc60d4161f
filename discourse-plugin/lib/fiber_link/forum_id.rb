# frozen_string_literal: true

module FiberLink
  # The server knows people and posts by the forum's ids, as strings.
  module ForumId
    LARGEST = 2**31 - 1

    # Nil for what is none, such as the id of a page outside of the forum.
    def self.parse(text)
      return unless text.is_a?(String) && text.match?(/\A[1-9]\d{0,9}\z/)
      id = text.to_i
      id if id <= LARGEST
    end
  end
end
