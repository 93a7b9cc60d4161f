# frozen_string_literal: true

module FiberLink
  module SettingValidator
    class Assets < Base
      private

      def valid?(value)
        assets = value.split("|")
        assets.any? && assets.all? { |asset| asset.match?(/\A[A-Za-z0-9._-]{1,255}\z/) }
      end
    end
  end
end
