# frozen_string_literal: true

module RouteFormat
  def self.username = /[%\w.\-]+?/
end
