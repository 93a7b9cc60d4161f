# frozen_string_literal: true

module FiberLink
  module TopicViewExtension
    attr_accessor :fiber_link_posts
  end
end
