# frozen_string_literal: true

# Discourse's cache keeps everything for a day at most unless told otherwise, and knows no regular
# expressions. What is put in comes out as a copy.
module Discourse
  def self.cache = (@cache ||= ActiveSupport::Cache::MemoryStore.new(expires_in: 1.day))
end
