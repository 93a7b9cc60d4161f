# frozen_string_literal: true

module FiberLink
  # What an administrator looks at first. No cause and no secret is in it; those are in the log.
  class Overview
    def as_json(*)
      health = Health.check
      position = FeedPosition.current
      {
        service: {
          url: SiteSetting.fiber_link_service_url,
          reachable: health.error.nil?,
          error: health.error,
        },
        clock_skew_seconds: health.clock_skew_seconds,
        app_id: SiteSetting.fiber_link_app_id,
        last_sync_at: position.last_sync_at,
        last_sync_error: position.last_error,
        passed_over: position.passed_over,
        open_tips: Tip.payable.count,
        totals: totals,
        plugin_version: Discourse.plugins_by_name[PLUGIN_NAME].metadata.version,
      }
    end

    private

    def totals
      Tip
        .settled
        .group(:asset)
        .order(:asset)
        .pluck(:asset, Arel.sql("SUM(amount)"), Arel.sql("COUNT(*)"))
        .map { |asset, sum, count| { asset: asset, amount: Amount.format(sum), count: count } }
    end
  end
end
